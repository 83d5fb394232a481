"""What the platform API says of the dictionaries: types of models, and templates of prices."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.marketplace import queries as marketplace
from apps.marketplace.types import PricingTemplateCard


class TypeFilterSerializer(serializers.Serializer):  # type: ignore[type-arg]
    empty = serializers.BooleanField(required=False, default=False, help_text="Types without any model too.")


class ModelTypeSerializer(serializers.Serializer):  # type: ignore[type-arg]
    code = serializers.CharField()
    label = serializers.DictField(  # type: ignore[assignment]  # a key of the answer, not the field's own
        source="name", child=serializers.CharField(), help_text="By language, such as en and zh-hans."
    )
    order = serializers.IntegerField(source="position")
    model_count = serializers.IntegerField(help_text="Models that the caller may call.")
    planned_count = serializers.IntegerField(help_text="Models that are to come.")
    endpoints = serializers.ListField(child=serializers.CharField())
    facets = serializers.ListField(child=serializers.CharField(), help_text="What such models are told apart by.")
    pricing_templates = serializers.ListField(child=serializers.CharField())


class ModelTypesSerializer(serializers.Serializer):  # type: ignore[type-arg]
    version = serializers.IntegerField(help_text="Rises with every change.")
    updated_at = serializers.DateTimeField(allow_null=True)
    items = ModelTypeSerializer(many=True)


class TemplateFilterSerializer(serializers.Serializer):  # type: ignore[type-arg]
    type = serializers.CharField(required=False, max_length=40, help_text="Templates for models of this type.")


class TemplateVersionSerializer(serializers.Serializer):  # type: ignore[type-arg]
    version = serializers.IntegerField(required=False, min_value=1, max_value=1_000_000, help_text="Else the newest.")


class TemplateMeterSerializer(serializers.Serializer):  # type: ignore[type-arg]
    meter = serializers.CharField()
    unit = serializers.IntegerField(help_text="How many of the meter a price is for.")
    conditions = serializers.DictField(
        child=serializers.ListField(), required=False, help_text="Values a price may depend on; an empty list: any."
    )
    required = serializers.BooleanField(required=False)  # type: ignore[assignment]


class PricingTemplateSerializer(serializers.Serializer):  # type: ignore[type-arg]
    code = serializers.CharField()
    version = serializers.IntegerField()
    model_types = serializers.ListField(child=serializers.CharField())
    label = serializers.DictField(child=serializers.CharField())  # type: ignore[assignment]
    meters = TemplateMeterSerializer(many=True)
    tiering = serializers.ChoiceField(choices=["none", "volume", "graduated"])
    hold = serializers.CharField()
    line_format = serializers.DictField(child=serializers.CharField(), help_text="By language; {price} is the price.")
    json_schema = serializers.DictField()
    defaults = serializers.DictField(help_text="The pricing_config that a new price begins with.")
    deprecated = serializers.BooleanField(help_text="No new price begins with it.")

    def to_representation(self, card: PricingTemplateCard) -> dict[str, Any]:
        """As a catalogue file writes it: what is answered here can be imported elsewhere."""
        return marketplace.exported_template(card)


class PricingTemplatesSerializer(serializers.Serializer):  # type: ignore[type-arg]
    version = serializers.IntegerField(help_text="Rises with every change.")
    updated_at = serializers.DateTimeField(allow_null=True)
    items = PricingTemplateSerializer(many=True)


class PricingTemplateDetailSerializer(PricingTemplateSerializer):
    versions = serializers.SerializerMethodField(help_text="Every version there is, oldest first.")

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_versions(self, card: PricingTemplateCard) -> list[int]:
        return [version.version for version in marketplace.template_versions(card.code)]

    def to_representation(self, card: PricingTemplateCard) -> dict[str, Any]:
        return super().to_representation(card) | {"versions": self.get_versions(card)}
