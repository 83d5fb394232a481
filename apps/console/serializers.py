"""Shapes of what the platform API composes from several apps: the wallet of a team, models with their limits."""

from datetime import datetime
from typing import Final

from rest_framework import serializers

from apps.core.api import CreditsField

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2099


class LotSerializer(serializers.Serializer):  # type: ignore[type-arg]
    source = serializers.CharField()  # type: ignore[assignment]  # a declared field, not the argument of that name
    granted = CreditsField(source="granted_nanos")
    remaining = CreditsField(source="remaining_nanos")
    spend_until = serializers.DateTimeField(allow_null=True)
    refund_until = serializers.DateTimeField(allow_null=True)


class WalletSerializer(serializers.Serializer):  # type: ignore[type-arg]
    team = serializers.CharField()
    balance = CreditsField()
    held = CreditsField()
    available = CreditsField()
    usd_equivalent = CreditsField(help_text="The balance in US dollars at the rate in force; for display.")
    arrears = CreditsField()
    lots = LotSerializer(many=True)


class LogFilterSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Which calls of the log. `from` is included, `to` is not."""

    token = serializers.CharField(required=False, help_text="Public id of a token, deleted ones too.")
    model = serializers.CharField(required=False, max_length=120)
    status = serializers.IntegerField(required=False, min_value=100, max_value=599)

    def get_fields(self) -> dict[str, serializers.Field]:  # type: ignore[type-arg]
        """`from` is a keyword of Python and cannot stand in the class."""
        instants = {
            name: serializers.DateTimeField(required=False, validators=[_within_reach]) for name in ("from", "to")
        }
        return {**super().get_fields(), **instants}


class LoggedCallSerializer(serializers.Serializer):  # type: ignore[type-arg]
    request_id = serializers.CharField()
    at = serializers.DateTimeField()
    token = serializers.CharField()
    token_name = serializers.CharField()
    model = serializers.CharField()
    endpoint = serializers.CharField()
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    cached_tokens = serializers.IntegerField()
    cost = CreditsField()
    price_version = serializers.IntegerField(allow_null=True)
    status = serializers.IntegerField()
    error_code = serializers.CharField(allow_blank=True)
    latency_ms = serializers.IntegerField()
    first_byte_ms = serializers.IntegerField(allow_null=True)
    streamed = serializers.BooleanField()
    estimated = serializers.BooleanField(help_text="Tokens were counted by us, because the upstream sent no usage.")
    ip = serializers.IPAddressField(allow_null=True)


class LogPageSerializer(serializers.Serializer):  # type: ignore[type-arg]
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = LoggedCallSerializer(many=True)


class ModelFilterSerializer(serializers.Serializer):  # type: ignore[type-arg]
    type = serializers.CharField(required=False, max_length=40)
    vendor = serializers.CharField(required=False, max_length=40)


class ModelSerializer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.CharField(source="code")
    type = serializers.CharField()
    vendor = serializers.CharField()
    lifecycle = serializers.CharField()
    retired_on = serializers.DateField(allow_null=True)
    successor = serializers.CharField(allow_null=True)
    pricing_config = serializers.DictField(allow_null=True)
    display_config = serializers.DictField()


class ModelPageSerializer(serializers.Serializer):  # type: ignore[type-arg]
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = ModelSerializer(many=True)


class LimitScopeSerializer(serializers.Serializer):  # type: ignore[type-arg]
    group = serializers.CharField()
    wallet = serializers.CharField(help_text="The team whose wallet is charged.")
    token = serializers.CharField(allow_null=True)


class LimitFiguresSerializer(serializers.Serializer):  # type: ignore[type-arg]
    rpm = serializers.IntegerField(allow_null=True)
    tpm = serializers.IntegerField(allow_null=True)
    concurrency = serializers.IntegerField(allow_null=True)


class RateLimitSerializer(serializers.Serializer):  # type: ignore[type-arg]
    scope = LimitScopeSerializer()
    limited_by = serializers.ChoiceField(choices=["group"])
    effective = LimitFiguresSerializer(help_text="Of each token; null stands for no limit.")
    current = LimitFiguresSerializer(help_text="Of the whole wallet in the last minute; null where nothing is limited.")
    reset_at = serializers.DateTimeField(allow_null=True)
    upgrade_url = serializers.CharField()


class ModelDetailSerializer(ModelSerializer):
    rate_limits = RateLimitSerializer(allow_null=True, help_text="null for a caller who is not signed in.")


def _within_reach(at: datetime) -> None:
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise serializers.ValidationError("Write an instant of this century.")
