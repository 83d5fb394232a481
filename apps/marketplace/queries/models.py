"""Which models exist, and who sees them."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Min, Prefetch, QuerySet

from apps.marketplace.models import Model, PriceVersion
from apps.marketplace.pricing_config import parse_config, with_version_facts
from apps.marketplace.queries.prices import versions_in_force
from apps.marketplace.types import CatalogueModel, CatalogueSnapshot, ModelCard, Reach, ReachedModel


def catalogue_snapshot(*, at: datetime) -> CatalogueSnapshot:
    """Every model with its price at this instant, retired and unpriced ones included. Four queries."""
    rows = _with_prices(Model.objects.select_related("vendor", "type", "successor"), at)
    begins = PriceVersion.objects.filter(withdrawn_at=None, starts_at__gt=at).aggregate(next=Min("starts_at"))["next"]
    models = tuple(map(_catalogue_model, rows.prefetch_related("access_groups")))
    return CatalogueSnapshot(models=models, next_change_at=begins)


def model_in_reach(code: str, reach: Reach, *, at: datetime) -> ReachedModel | None:
    """The model with this id and the one group that prices it; None out of reach, as for one that does not exist.

    Four queries. An id that nobody can have is no question to the database: a NUL would be an error there.
    """
    if not code.isprintable():
        return None
    rows = Model.objects.select_related("vendor", "type", "successor").prefetch_related(
        "access_groups", "successor__access_groups"
    )
    row = _with_prices(rows, at).filter(code=code).first()
    terms = None if row is None else _terms_of(row, reach)
    if row is None or terms is None:
        return None
    return ReachedModel(
        card=replace(_card(row), successor=_successor_in(reach, row.successor)),
        group=terms[0],
        multiplier=terms[1],
        type_name=row.type.name,
        endpoints=tuple(row.type.endpoints),
        created_at=row.created_at,
    )


def _successor_in(reach: Reach, row: Model | None) -> str | None:
    return row.code if row is not None and _terms_of(row, reach) is not None else None


def _terms_of(row: Model, reach: Reach) -> tuple[str, Decimal] | None:
    return reach.group_of(row.pk, {group.code for group in row.access_groups.all()})


def model_ids(codes: Collection[str]) -> dict[str, int]:
    """Row ids of the models with these codes; unknown codes are absent."""
    return dict(Model.objects.filter(code__in=codes).values_list("code", "pk"))


def _with_prices(rows: QuerySet[Model], at: datetime) -> QuerySet[Model]:
    return rows.prefetch_related(Prefetch("price_versions", versions_in_force(at), to_attr="in_force"))


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
        pricing_config=_shown_config(row.in_force[0]) if row.in_force else None,
        retired_on=row.retired_on,
        successor=row.successor and row.successor.code,
    )


def _shown_config(version: PriceVersion) -> Mapping[str, Any]:
    return with_version_facts(
        version.pricing_config, number=version.number, starts_at=version.starts_at, ends_at=version.ends_at
    )
