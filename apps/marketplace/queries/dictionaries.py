"""The dictionaries: model types, and the catalogue as a file."""

from typing import Any, Final

from django.db.models import Count, Prefetch, Q

from apps.marketplace.models import Lifecycle, Model, ModelType, PriceVersion, PricingTemplate, Vendor
from apps.marketplace.queries.official import exported_official_prices
from apps.marketplace.queries.templates import template_versions
from apps.marketplace.template_terms import definition_of
from apps.marketplace.types import ModelTypeCard, PricingTemplateCard, Reach

CALLABLE: Final = (Lifecycle.BETA, Lifecycle.GA)


def model_types(reach: Reach, *, with_empty: bool = False) -> list[ModelTypeCard]:
    """The dictionary of types, each with how many of its models are within reach: no others are counted or hinted at.

    A type without any, now or planned, is left out unless `with_empty`. Two queries.
    """
    seen = Q(models__access_groups__code__in=reach.codes) | Q(models__in=reach.model_ids)
    rows = (
        ModelType.objects.annotate(
            model_count=_counted(seen & Q(models__lifecycle__in=CALLABLE)),
            planned_count=_counted(seen & Q(models__lifecycle=Lifecycle.PLANNED)),
        )
        .order_by("position", "code")
        .prefetch_related(Prefetch("pricing_templates", PricingTemplate.objects.filter(is_deprecated=False)))
    )
    return [_type_card(row) for row in rows if with_empty or row.model_count or row.planned_count]


def _counted(condition: Q) -> Count:
    return Count("models", filter=condition, distinct=True)


def _type_card(row: Any) -> ModelTypeCard:
    """`row` is a ModelType with its two counts."""
    return ModelTypeCard(
        code=row.code,
        name=row.name,
        position=row.position,
        model_count=row.model_count,
        planned_count=row.planned_count,
        endpoints=tuple(row.endpoints),
        facets=tuple(row.facets),
        pricing_templates=tuple(sorted({template.code for template in row.pricing_templates.all()})),
    )


def export_section() -> dict[str, list[dict[str, Any]]]:
    """Vendors, types, templates, models with prices as entered, official prices: what `import_section` reads."""
    models = Model.objects.select_related("vendor", "type", "successor").prefetch_related(
        "access_groups", Prefetch("price_versions", PriceVersion.objects.filter(withdrawn_at=None).order_by("-number"))
    )
    return {
        "vendors": [{"code": vendor.code, "name": vendor.name} for vendor in Vendor.objects.all()],
        "model_types": [
            {"code": t.code, "name": t.name, "position": t.position, "endpoints": t.endpoints, "facets": t.facets}
            for t in ModelType.objects.all()
        ],
        "pricing_templates": list(map(exported_template, template_versions())),
        "models": list(map(_exported, models)),
        "official_prices": exported_official_prices(),
    }


def exported_template(card: PricingTemplateCard) -> dict[str, Any]:
    """A version of a template as files and forms write it."""
    return {
        "code": card.code,
        "version": card.version,
        **definition_of(card.terms),
        "deprecated": card.is_deprecated,
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
