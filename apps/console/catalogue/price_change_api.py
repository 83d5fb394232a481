"""The platform API of price changes: what the caller may learn of, newest first."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.api import CURSOR, LIMIT, TEAM, page_body, page_of
from apps.marketplace import queries as marketplace
from apps.marketplace.types import PRICE_CHANGED, Direction, PriceChangeCard
from apps.teams.authentication import PlatformView
from apps.teams.decorators import team_or_nobody


class PriceChangeFilterSerializer(serializers.Serializer):  # type: ignore[type-arg]
    model = serializers.CharField(required=False, max_length=120)
    vendor = serializers.CharField(required=False, max_length=40)
    direction = serializers.ChoiceField(choices=Direction.values, required=False)


class PriceLineSerializer(serializers.Serializer):  # type: ignore[type-arg]
    meter = serializers.CharField(help_text="`multiplier` for an access group.")
    conditions = serializers.DictField()
    unit = serializers.IntegerField(help_text="How many the price is for.")
    old = serializers.CharField(allow_null=True, help_text="In credits; null: it could not be used.")
    new = serializers.CharField(allow_null=True, help_text="In credits; null: it cannot be used any more.")
    percent = serializers.CharField(allow_null=True, help_text="With its sign; null: nothing to compare with.")

    def get_fields(self) -> dict[str, serializers.Field]:  # type: ignore[type-arg]
        """With `from` and `to`, of which one is a word of Python."""
        sizes = {
            "from": serializers.IntegerField(help_text="For calls from this size on."),
            "to": serializers.IntegerField(allow_null=True, help_text="And below this one; null: no end."),
        }
        return {**super().get_fields(), **sizes}


class PriceChangeSerializer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.CharField()
    type = serializers.SerializerMethodField(help_text="Always `price.changed`, as in webhooks.")
    model = serializers.CharField(allow_null=True)
    vendor = serializers.CharField(allow_null=True)
    access_group = serializers.CharField(allow_null=True, help_text="Whose multiplier changes; null for a model.")
    version = serializers.IntegerField(allow_null=True, help_text="The version of the model's price.")
    direction = serializers.ChoiceField(choices=Direction.values)
    withdrawn = serializers.BooleanField(help_text="An announced change that does not happen.")
    field = serializers.SerializerMethodField(help_text="The meter of the first line, with its `old` and `new`.")
    old = serializers.SerializerMethodField()
    new = serializers.SerializerMethodField()
    lines = PriceLineSerializer(many=True)
    largest_percent = serializers.SerializerMethodField(help_text="Without sign; null: something free got a price.")
    published_at = serializers.DateTimeField()
    effective_at = serializers.DateTimeField()
    announcement = serializers.CharField(allow_null=True, help_text="`ann_…`")

    def get_type(self, change: PriceChangeCard) -> str:
        return PRICE_CHANGED.code

    def get_field(self, change: PriceChangeCard) -> str | None:
        return change.first("meter")

    def get_old(self, change: PriceChangeCard) -> str | None:
        return change.first("old")

    def get_new(self, change: PriceChangeCard) -> str | None:
        return change.first("new")

    def get_largest_percent(self, change: PriceChangeCard) -> str | None:
        return change.percent_text


class PriceChangePageSerializer(serializers.Serializer):  # type: ignore[type-arg]
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = PriceChangeSerializer(many=True)


class PriceChangeListView(PlatformView):
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="price_changes_list",
        parameters=[TEAM, PriceChangeFilterSerializer, CURSOR, LIMIT],
        responses=PriceChangePageSerializer,
    )
    def get(self, request: Request) -> Response:
        """Announced changes of prices, in credits: those of the public catalogue, or of all that the caller's team may
        call. The same as RSS for everybody: /price-alerts/feed.xml with `model`, `vendor`, `direction` and `language`.
        """
        asked = PriceChangeFilterSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        at, team = clock.now(), team_or_nobody(request, scope="read")
        cursor, size = page_of(request)
        reach = marketplace.reach_of(None if team is None else team.id, at=at)
        page = marketplace.changes_page(reach, at=at, cursor=cursor, size=size, **asked.validated_data)
        response = Response(page_body(request, page.map(lambda change: PriceChangeSerializer(change).data)))
        response["Vary"] = "Authorization, Cookie"
        return response
