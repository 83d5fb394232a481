"""What the platform API says of the list of models, and what it may be asked for."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from apps.console.catalogue.model_serializers import ModelSerializer
from apps.core.api import CreditsField
from apps.core.money import credits_decimal
from apps.marketplace.display_config import with_model_facts
from apps.marketplace.listing import RECOMMENDED, SORTS, Filters, ListedModel
from apps.marketplace.types import Direction, Lifecycle


class ModelFilterSerializer(serializers.Serializer):  # type: ignore[type-arg]
    type = serializers.ListField(required=False, child=serializers.CharField(max_length=40), help_text="Any of these.")
    vendor = serializers.ListField(
        required=False, child=serializers.CharField(max_length=40), help_text="Any of these."
    )
    lifecycle = serializers.ListField(
        required=False, child=serializers.ChoiceField(choices=Lifecycle.values), help_text="Any of these."
    )
    capability = serializers.ListField(
        required=False, child=serializers.CharField(max_length=40), help_text="All of these."
    )
    modality = serializers.ListField(
        required=False, child=serializers.CharField(max_length=40), help_text="All of these, taken or given."
    )
    group = serializers.CharField(required=False, max_length=40, help_text="The access group that prices the calls.")
    search = serializers.CharField(required=False, max_length=100, help_text="Words of an id, a name or a vendor.")
    max_price = CreditsField(required=False, help_text="In credits, for a million input tokens.")
    min_context = serializers.IntegerField(required=False, min_value=0, help_text="In tokens.")
    sort = serializers.ChoiceField(required=False, choices=SORTS, default=RECOMMENDED)

    def filters(self) -> Filters:
        asked: Mapping[str, Any] = self.validated_data
        return Filters(
            types=frozenset(asked.get("type", ())),
            vendors=frozenset(asked.get("vendor", ())),
            lifecycles=frozenset(asked.get("lifecycle", ())),
            capabilities=frozenset(asked.get("capability", ())),
            modalities=frozenset(asked.get("modality", ())),
            group=asked.get("group", ""),
            search=asked.get("search", ""),
            max_price=credits_decimal(asked["max_price"]) if "max_price" in asked else None,
            min_context=asked.get("min_context", 0),
        )


class UnitPriceSerializer(serializers.Serializer):  # type: ignore[type-arg]
    meter = serializers.CharField()
    unit = serializers.IntegerField()
    price = serializers.CharField(source="credits_text", help_text="Credits for the unit, at the smallest size.")
    conditions = serializers.DictField()


class ComingPriceSerializer(serializers.Serializer):  # type: ignore[type-arg]
    effective_at = serializers.DateTimeField(source="starts_at")
    direction = serializers.ChoiceField(choices=Direction.values, allow_null=True)


class ListedModelSerializer(ModelSerializer):
    """What `shown_model` writes, for the schema."""

    access_group = serializers.CharField(source="group", help_text="The group that prices and limits the calls.")
    multiplier = serializers.SerializerMethodField(help_text="Of that group; `pricing_config` stands before it.")
    prices = UnitPriceSerializer(many=True, help_text="What leads a price list, with the multiplier in it.")
    announced_price = ComingPriceSerializer(source="coming", allow_null=True)

    def get_multiplier(self, model: Any) -> str:
        return multiplier_text(model.multiplier)


def shown_model(model: ListedModel) -> dict[str, object]:
    """The answer of the serializer above in a fifth of its time: there may be two hundred on a page."""
    return {
        "id": model.code,
        "type": model.type,
        "vendor": model.vendor,
        "lifecycle": model.lifecycle,
        "retired_on": model.retired_on,
        "successor": model.successor,
        "pricing_config": model.pricing_config,
        "display_config": with_model_facts(
            model.display_config, vendor=model.vendor, lifecycle=model.lifecycle, successor=model.successor
        ),
        "access_group": model.group,
        "multiplier": multiplier_text(model.multiplier),
        "prices": [
            {"meter": price.meter, "unit": price.unit, "price": price.credits_text, "conditions": price.conditions}
            for price in model.prices
        ],
        "announced_price": model.coming
        and {"effective_at": model.coming.starts_at, "direction": model.coming.direction},
    }


def multiplier_text(multiplier: Decimal) -> str:
    return f"{multiplier.normalize():f}"


class FacetSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """For each value, how many models it would leave beside everything else that is asked for."""

    type = serializers.DictField(source="types", child=serializers.IntegerField())
    vendor = serializers.DictField(source="vendors", child=serializers.IntegerField())
    lifecycle = serializers.DictField(source="lifecycles", child=serializers.IntegerField())
    capability = serializers.DictField(source="capabilities", child=serializers.IntegerField())
    modality = serializers.DictField(source="modalities", child=serializers.IntegerField())


class ModelPageSerializer(serializers.Serializer):  # type: ignore[type-arg]
    count = serializers.IntegerField(help_text="Models that match, on all pages.")
    facets = FacetSerializer()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = ListedModelSerializer(many=True)
