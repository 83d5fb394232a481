"""Shapes of API tokens on the platform API."""

from typing import Any

from rest_framework import serializers

from apps.core.api import CreditsField, StrictSerializer
from apps.relay.models import Reset
from apps.wallet.quota_types import refuse_gone_in

_MAX_RATE = 2_147_483_647


class TokenTermsSerializer(StrictSerializer):
    """What a caller may set. A field that we do not know is refused: a misspelt limit must not mean none."""

    name = serializers.CharField(max_length=80)
    limit = CreditsField(source="limit_nanos", help_text='"0" stands for no limit of its own.')
    reset = serializers.ChoiceField(
        choices=Reset.values,
        required=False,
        allow_null=True,
        help_text="The limit is filled up again at the start of each day, week (Monday) or month of the platform's "
        "time zone; null: never. The first period begins unused. Kept, but without effect, while there is no limit.",
    )
    models = serializers.ListField(
        child=serializers.CharField(max_length=120), source="model_codes", required=False, help_text="Empty: all."
    )
    ip_allow = serializers.ListField(child=serializers.CharField(max_length=43), required=False)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    concurrency = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=_MAX_RATE)
    rpm = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=_MAX_RATE)
    tpm = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=_MAX_RATE)

    def validate_reset(self, reset: str | None) -> str:
        return reset or ""

    def to_internal_value(self, data: object) -> Any:
        """Raises `StandardQuotaGone` for a token that is to spend the old quota type only."""
        refuse_gone_in(data)
        return super().to_internal_value(data)


class NewTokenSerializer(TokenTermsSerializer):
    team = serializers.CharField(required=False)


class ChangedTokenSerializer(TokenTermsSerializer):
    disabled = serializers.BooleanField(required=False)


class TokenSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """`limit` and `used` stand apart: a limit that is used up stays used up until it is raised or refilled; `used`
    counts from the last refill. Rates are those in force: the lower of the token's own and its access group's, null for
    none."""

    id = serializers.CharField()
    team = serializers.CharField()
    name = serializers.CharField()
    prefix = serializers.CharField()
    limit = CreditsField()
    unlimited = serializers.BooleanField()
    used = CreditsField()
    remaining = CreditsField(allow_null=True)
    reset = serializers.ChoiceField(choices=Reset.values, allow_null=True)
    resets_at = serializers.DateTimeField(allow_null=True, help_text="The next refill; null for none.")
    concurrency = serializers.IntegerField(allow_null=True)
    rpm = serializers.IntegerField(allow_null=True)
    tpm = serializers.IntegerField(allow_null=True)
    ip_allow = serializers.ListField(child=serializers.CharField())
    models = serializers.ListField(child=serializers.CharField())
    project = serializers.CharField(allow_null=True)
    disabled = serializers.BooleanField()
    expires_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    last_ip_first_seen = serializers.DateTimeField(allow_null=True)


class CreatedTokenSerializer(TokenSerializer):
    token = serializers.CharField(help_text="The token itself, shown this once.", required=False)


class TokenPageSerializer(serializers.Serializer):  # type: ignore[type-arg]
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = TokenSerializer(many=True)
