"""The list of models on the platform API: filtered, counted, sorted and cut into pages from what is remembered."""

from collections.abc import Sequence

import msgspec
from django.http import HttpResponse, HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from apps.console.catalogue.model_list_serializers import (
    FacetSerializer,
    ModelFilterSerializer,
    ModelPageSerializer,
    shown_model,
)
from apps.console.public_answers import keep_for_everybody, keep_for_the_caller, tag_of, unchanged
from apps.core import clock
from apps.core.api import CURSOR, LIMIT, TEAM, page_body, page_of
from apps.marketplace import listing as rules
from apps.marketplace import queries as marketplace
from apps.marketplace.listing import ListedModel
from apps.teams.authentication import PlatformView
from apps.teams.decorators import team_or_nobody


class ModelListView(PlatformView):
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="models_list",
        parameters=[TEAM, ModelFilterSerializer, CURSOR, LIMIT],
        responses=ModelPageSerializer,
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Models with prices in credits: those of the public catalogue, or all that the caller's team may call.

        `prices` are what the caller pays; `pricing_config` is the whole price list before the group's multiplier.
        """
        asked = ModelFilterSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        at, team = clock.now(), team_or_nobody(request, scope="read")
        listing = marketplace.listing(at=at)
        reach = listing.reach_of(team, at=at)
        tag = tag_of(listing.stamp, listing.until_at, reach, request.build_absolute_uri())
        response = unchanged(request._request, tag) or _page(request, asked, listing.seen_by(reach))
        if team is None:
            keep_for_everybody(response, tag, at=at, until=listing.until_at)
        else:
            keep_for_the_caller(response, tag)
        return response


def _page(request: Request, asked: ModelFilterSerializer, seen: Sequence[ListedModel]) -> HttpResponse:
    (cursor, size), filters = page_of(request), asked.filters()
    facets = rules.facets_of(seen, filters)
    page = rules.page_of(seen, filters, sort=asked.validated_data["sort"], cursor=cursor, size=size)
    shown = {"count": page.count, "facets": FacetSerializer(facets).data}
    body = shown | page_body(request, page.map(shown_model))
    # The longest answer of this API: written so in a tenth of the time that the renderer of the others takes.
    return HttpResponse(msgspec.json.encode(body), content_type="application/json")
