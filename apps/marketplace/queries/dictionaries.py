"""The dictionaries: model types, and the catalogue as a file."""

from typing import Any

from django.db.models import Count, Prefetch, Q

from apps.marketplace.models import Model, ModelType, PriceVersion, Vendor
from apps.marketplace.queries.official import exported_official_prices
from apps.marketplace.types import ModelTypeCard


def model_types() -> list[ModelTypeCard]:
    """The dictionary of types, each with the number of its models that can be called."""
    callable_now = Q(models__lifecycle__in=("beta", "ga"))
    rows = ModelType.objects.annotate(model_count=Count("models", filter=callable_now)).order_by("position", "code")
    return [ModelTypeCard(code=t.code, name=t.name, position=t.position, model_count=t.model_count) for t in rows]


def export_section() -> dict[str, list[dict[str, Any]]]:
    """Vendors, types, models with the price as entered, and official prices, as `services.import_section` reads them."""
    models = Model.objects.select_related("vendor", "type", "successor").prefetch_related(
        "access_groups", Prefetch("price_versions", PriceVersion.objects.filter(withdrawn_at=None).order_by("-number"))
    )
    return {
        "vendors": [{"code": vendor.code, "name": vendor.name} for vendor in Vendor.objects.all()],
        "model_types": [{"code": t.code, "name": t.name, "position": t.position} for t in ModelType.objects.all()],
        "models": list(map(_exported, models)),
        "official_prices": exported_official_prices(),
    }


def _exported(model: Model) -> dict[str, Any]:
    versions = list(model.price_versions.all())
    return {
        "id": model.code,
        "type": model.type.code,
        "vendor": model.vendor.code,
        "lifecycle": model.lifecycle,
        "retired_on": model.retired_on and model.retired_on.isoformat(),
        "successor": model.successor and model.successor.code,
        "display_config": model.display_config,
        "pricing_config": versions[0].entered_config if versions else {},
        "access_groups": sorted(group.code for group in model.access_groups.all()),
    }
