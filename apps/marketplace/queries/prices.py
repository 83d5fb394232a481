"""What a model costs at an instant, and what a currency is worth."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db.models import Q, QuerySet

from apps.marketplace.models import CreditRate, PriceVersion
from apps.marketplace.pricing_config import parse_config
from apps.marketplace.types import CreditRateInForce, PriceInForce, PricePoint


def price_in_force(model_id: int, *, at: datetime) -> PriceInForce | None:
    version = versions_in_force(at).filter(model_id=model_id).first()
    return None if version is None else _price(version)


def price_history(model_id: int) -> list[PricePoint]:
    """Every version of the model's price that was, is or will be in force, the oldest first. Two queries."""
    versions = PriceVersion.objects.filter(model_id=model_id, withdrawn_at=None).prefetch_related("changes")
    return [
        PricePoint(
            number=version.number,
            starts_at=version.starts_at,
            ends_at=version.ends_at,
            policy=version.policy,
            entered_config=version.entered_config,
            price_list=parse_config(version.pricing_config),
            announced_by=next((change.announcement_id for change in version.changes.all()), None),
        )
        for version in versions.order_by("starts_at")
    ]


def price_version(version_id: int) -> PriceInForce | None:
    """A version whether in force or not: what a past call was priced by."""
    version = PriceVersion.objects.filter(pk=version_id).first()
    return None if version is None else _price(version)


def price_numbers(version_ids: Collection[int]) -> dict[int, int]:
    """The version number that people see for each of these rows."""
    return dict(PriceVersion.objects.filter(pk__in=version_ids).values_list("pk", "number"))


def credit_rate(currency: str, *, at: datetime) -> CreditRateInForce:
    """What one unit of a currency is worth in credits; before the first dated row, what the settings say."""
    row = CreditRate.objects.filter(currency=currency, starts_at__lte=at).order_by("-starts_at").first()
    if row is not None:
        return CreditRateInForce(row.pk, row.credits_per_unit)
    seeds = {"USD": settings.CREDITS_PER_USD, "CNY": settings.CREDITS_PER_CNY}
    return CreditRateInForce(None, Decimal(seeds[currency]))


def versions_in_force(at: datetime) -> QuerySet[PriceVersion]:
    """Of every model at most one. A version that was withdrawn never comes into force."""
    return PriceVersion.objects.filter(withdrawn_at=None).filter(Q(ends_at=None) | Q(ends_at__gt=at), starts_at__lte=at)


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
