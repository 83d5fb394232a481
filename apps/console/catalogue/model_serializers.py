"""What the platform API says of models."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.marketplace.display_config import with_model_facts


class ModelSerializer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.CharField(source="code")
    type = serializers.CharField()
    vendor = serializers.CharField()
    lifecycle = serializers.CharField()
    retired_on = serializers.DateField(allow_null=True)
    successor = serializers.CharField(allow_null=True)
    pricing_config = serializers.DictField(allow_null=True)
    display_config = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DictField())
    def get_display_config(self, model: Any) -> dict[str, Any]:
        """`model` is a ModelCard or a ListedModel: both say of the model what its config does not repeat."""
        return with_model_facts(
            model.display_config, vendor=model.vendor, lifecycle=model.lifecycle, successor=model.successor
        )


class LimitScopeSerializer(serializers.Serializer):  # type: ignore[type-arg]
    group = serializers.CharField()
    wallet = serializers.CharField(source="team", help_text="The team whose wallet is charged.")
    token = serializers.CharField(allow_null=True)


class LimitFiguresSerializer(serializers.Serializer):  # type: ignore[type-arg]
    rpm = serializers.IntegerField(allow_null=True)
    tpm = serializers.IntegerField(allow_null=True)
    concurrency = serializers.IntegerField(allow_null=True)


class RateLimitSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What `caller_limits` found, for one caller."""

    scope = LimitScopeSerializer(source="*")
    limited_by = serializers.ChoiceField(
        choices=["token", "wallet", "group"],
        help_text="What would stop the caller first: the token's own limit, what all tokens share, or what each has.",
    )
    effective = LimitFiguresSerializer(source="limits", help_text="null stands for no limit.")
    current = LimitFiguresSerializer(
        source="used", help_text="Of the last minute, and calls under way; null where nothing is limited or counted."
    )
    reset_at = serializers.DateTimeField(
        source="all_free_at", allow_null=True, help_text="When nothing is used any more, if no call comes."
    )
    upgrade_url = serializers.CharField()


class ModelDetailSerializer(ModelSerializer):
    rate_limits = RateLimitSerializer(allow_null=True, help_text="null for a caller who is not signed in.")
