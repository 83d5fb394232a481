"""The parity report: what we ask and what the vendors ask, per meter."""

from datetime import datetime
from fractions import Fraction
from typing import Any

from django.db.models import Prefetch

from apps.marketplace.comparison import RatePoint, compare
from apps.marketplace.models import Lifecycle, Model, PriceVersion
from apps.marketplace.parity import ParityRow, Standing, is_promised, standing_of
from apps.marketplace.pricing_config import parse_config
from apps.marketplace.queries.official import official_prices
from apps.marketplace.queries.prices import versions_in_force
from apps.marketplace.types import OfficialPriceCard


def parity_report(*, at: datetime) -> list[ParityRow]:
    """Every model that is sold with a price in force `at`, those above the official price first.

    As many queries for one model as for all: models, versions, what is scheduled, official prices, and a rate
    for each currency.
    """
    in_force = versions_in_force(at).select_related("announcement")
    coming = PriceVersion.objects.filter(withdrawn_at=None, starts_at__gt=at).order_by("starts_at")
    models = list(
        Model.objects.exclude(lifecycle=Lifecycle.RETIRED)
        .select_related("vendor")
        .prefetch_related(
            Prefetch("price_versions", in_force, to_attr="in_force"),
            Prefetch("price_versions", coming, to_attr="coming"),
        )
    )
    official = official_prices([model.pk for model in models], at=at)
    rows = [_row(model, official.get(model.pk)) for model in models if _in_force(model)]
    return sorted(rows, key=lambda row: row.order)


def _in_force(model: Any) -> list[PriceVersion]:
    found: list[PriceVersion] = model.in_force
    return found


def _row(model: Any, official: OfficialPriceCard | None) -> ParityRow:
    version: PriceVersion = model.in_force[0]
    if official is None:
        return ParityRow(model.code, model.vendor.code, version.policy, version.number, Standing.UNKNOWN)
    comparison = compare(parse_config(version.pricing_config), official.price_list)
    announced = "" if version.announcement is None else version.announcement.public_id
    standing = standing_of(
        comparison,
        promised=is_promised(model.code, model.vendor.code, version.policy),
        announced=bool(announced),
        follows=any(compare(parse_config(each.pricing_config), official.price_list).is_equal for each in model.coming),
    )
    return ParityRow(
        model=model.code,
        vendor=model.vendor.code,
        policy=version.policy,
        version=version.number,
        standing=standing,
        points=tuple(_in_currency(point, Fraction(official.credits_per_unit)) for point in comparison.points),
        currency=official.currency,
        source=official.source,
        as_of=official.as_of,
        announcement=announced,
        follows_at=model.coming[0].starts_at if model.coming else None,
        discount_percent=comparison.discount_percent,
    )


def _in_currency(point: RatePoint, credits_per_unit: Fraction) -> RatePoint:
    """As the vendor publishes it, and ours in the same currency."""
    return point._replace(
        ours=None if point.ours is None else point.ours / credits_per_unit,
        reference=None if point.reference is None else point.reference / credits_per_unit,
    )
