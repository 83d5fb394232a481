"""Which models exist, who sees them, and what they cost at an instant. Writes nothing."""

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, Prefetch, Q, QuerySet

from apps.core.pagination import DEFAULT_SIZE, Cursor, Page, keyset_page
from apps.marketplace.models import CreditRate, Model, ModelType, PriceVersion, Vendor
from apps.marketplace.pricing_config import parse_config
from apps.marketplace.types import (
    CatalogueModel,
    CatalogueSnapshot,
    CreditRateInForce,
    ModelCard,
    ModelTypeCard,
    PriceInForce,
)


def price_in_force(model_id: int, *, at: datetime) -> PriceInForce | None:
    version = _in_force(at).filter(model_id=model_id).first()
    return None if version is None else _price(version)


def price_version(version_id: int) -> PriceInForce | None:
    """A version whether in force or not: what a past call was priced by."""
    version = PriceVersion.objects.filter(pk=version_id).first()
    return None if version is None else _price(version)


def price_numbers(version_ids: Collection[int]) -> dict[int, int]:
    """The version number that people see for each of these rows."""
    return dict(PriceVersion.objects.filter(pk__in=version_ids).values_list("pk", "number"))


def catalogue_snapshot(*, at: datetime) -> CatalogueSnapshot:
    """Every model with its price at this instant, retired and unpriced ones included. Four queries."""
    rows = _with_prices(Model.objects.select_related("vendor", "type", "successor"), at)
    begins = PriceVersion.objects.filter(starts_at__gt=at).aggregate(next=Min("starts_at"))["next"]
    models = tuple(map(_catalogue_model, rows.prefetch_related("access_groups")))
    return CatalogueSnapshot(models=models, next_change_at=begins)


def visible_models(
    group_codes: Collection[str],
    *,
    at: datetime,
    type_code: str = "",
    vendor: str = "",
    cursor: Cursor | None = None,
    size: int = DEFAULT_SIZE,
) -> Page[ModelCard]:
    """One page of the models that these access groups may see, newest first. Two queries, however long the page."""
    rows = _seen_by(group_codes)
    if type_code:
        rows = rows.filter(type__code=type_code)
    if vendor:
        rows = rows.filter(vendor__code=vendor)
    return keyset_page(_with_prices(rows, at), key="id", cursor=cursor, size=size).map(_card)


def visible_model(code: str, group_codes: Collection[str], *, at: datetime) -> ModelCard | None:
    """The model with this id; None for one that these groups may not see, as for one that does not exist."""
    row = _with_prices(_seen_by(group_codes), at).filter(code=code).first()
    return None if row is None else _card(row)


def model_ids(codes: Collection[str]) -> dict[str, int]:
    """Row ids of the models with these codes; unknown codes are absent."""
    return dict(Model.objects.filter(code__in=codes).values_list("code", "pk"))


def model_types() -> list[ModelTypeCard]:
    """The dictionary of types, each with the number of its models that can be called."""
    callable_now = Q(models__lifecycle__in=("beta", "ga"))
    rows = ModelType.objects.annotate(model_count=Count("models", filter=callable_now)).order_by("position", "code")
    return [ModelTypeCard(code=t.code, name=t.name, position=t.position, model_count=t.model_count) for t in rows]


def credit_rate(currency: str, *, at: datetime) -> CreditRateInForce:
    """What one unit of a currency is worth in credits; before the first dated row, what the settings say."""
    row = CreditRate.objects.filter(currency=currency, starts_at__lte=at).order_by("-starts_at").first()
    if row is not None:
        return CreditRateInForce(row.pk, row.credits_per_unit)
    seeds = {"USD": settings.CREDITS_PER_USD, "CNY": settings.CREDITS_PER_CNY}
    return CreditRateInForce(None, Decimal(seeds[currency]))


def export_section() -> dict[str, list[dict[str, Any]]]:
    """Vendors, types and models with the price as it was entered, in the shape that `services.import_section` reads."""
    models = Model.objects.select_related("vendor", "type", "successor").prefetch_related(
        "access_groups", Prefetch("price_versions", PriceVersion.objects.order_by("-number"))
    )
    return {
        "vendors": [{"code": vendor.code, "name": vendor.name} for vendor in Vendor.objects.all()],
        "model_types": [{"code": t.code, "name": t.name, "position": t.position} for t in ModelType.objects.all()],
        "models": list(map(_exported, models)),
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


def _in_force(at: datetime) -> QuerySet[PriceVersion]:
    return PriceVersion.objects.filter(Q(ends_at=None) | Q(ends_at__gt=at), starts_at__lte=at)


def _with_prices(rows: QuerySet[Model], at: datetime) -> QuerySet[Model]:
    return rows.prefetch_related(Prefetch("price_versions", _in_force(at), to_attr="in_force"))


def _seen_by(group_codes: Collection[str]) -> QuerySet[Model]:
    reached = Model.access_groups.through.objects.filter(accessgroup__code__in=group_codes).values("model_id")
    return Model.objects.filter(pk__in=reached).select_related("vendor", "type", "successor")


def _price(version: PriceVersion) -> PriceInForce:
    return PriceInForce(
        version_id=version.pk,
        number=version.number,
        starts_at=version.starts_at,
        ends_at=version.ends_at,
        pricing_config=version.pricing_config,
        entered_config=version.entered_config,
        price_list=parse_config(version.pricing_config),
    )


def _catalogue_model(row: Any) -> CatalogueModel:
    """`row` is a Model with `in_force`, which `_with_prices` attached."""
    version: PriceVersion | None = row.in_force[0] if row.in_force else None
    return CatalogueModel(
        id=row.pk,
        code=row.code,
        type=row.type.code,
        vendor=row.vendor.code,
        lifecycle=row.lifecycle,
        created_at=row.created_at,
        context_length=row.display_config.get("context_length"),
        max_output=row.display_config.get("max_output"),
        groups=frozenset(group.code for group in row.access_groups.all()),
        price=None if version is None else parse_config(version.pricing_config),
        price_version_id=None if version is None else version.pk,
        retired_on=row.retired_on,
        successor=row.successor and row.successor.code,
    )


def _card(row: Any) -> ModelCard:
    return ModelCard(
        id=row.pk,
        code=row.code,
        type=row.type.code,
        vendor=row.vendor.code,
        vendor_name=row.vendor.name,
        lifecycle=row.lifecycle,
        display_config=row.display_config,
        pricing_config=_public_config(row.in_force[0]) if row.in_force else None,
        retired_on=row.retired_on,
        successor=row.successor and row.successor.code,
    )


def _public_config(version: PriceVersion) -> Mapping[str, Any]:
    """The config with the facts of its version, as answers show it."""
    return {
        "policy": "floating",
        **version.pricing_config,
        "version": version.number,
        "effective_at": version.starts_at.isoformat(),
        "expires_at": version.ends_at and version.ends_at.isoformat(),
    }
