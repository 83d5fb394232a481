"""What a price would mean before it is published. Writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings

from apps.marketplace.comparison import Comparison, RatePoint, compare
from apps.marketplace.models import PriceVersion
from apps.marketplace.price_changes import Change, change_between
from apps.marketplace.price_list import PriceList
from apps.marketplace.pricing_config import CREDIT, check_range, in_credits, parse_config
from apps.marketplace.queries.official import official_prices
from apps.marketplace.queries.prices import credit_rate
from apps.marketplace.samples import Estimate, Usage, estimate, sample_usages
from apps.marketplace.types import CreditRateInForce


@dataclass(frozen=True, slots=True)
class PreviewedUsage:
    """A sample call at the price that was announced last, if there is one, and at the one that is previewed."""

    usage: Usage
    before: Estimate | None
    after: Estimate


@dataclass(frozen=True, slots=True)
class PricePreview:
    """`last_number` and `last_starts_at` tell the version that everything is compared with; None for a first price.

    `official` compares with the official price, where one is recorded.
    """

    config: Mapping[str, Any]
    change: Change
    earliest_start: datetime
    last_number: int | None
    last_starts_at: datetime | None
    samples: tuple[PreviewedUsage, ...]
    official: Comparison | None

    @property
    def above_official(self) -> tuple[RatePoint, ...]:
        """What would cost more than the vendor itself asks."""
        return () if self.official is None else tuple(point for point in self.official.compared if point.is_above)


def price_preview(
    model_id: int, entered: Mapping[str, Any], *, at: datetime, usage: Usage | None = None
) -> PricePreview:
    """What this config changes from the price that was announced last, and what sample calls would cost.

    Raises `PricingConfigError` as publication does.
    """
    _rate, config = config_in_credits(entered, at=at)
    price = parse_config(config)
    last = PriceVersion.objects.filter(model_id=model_id, withdrawn_at=None).order_by("-number").first()
    before = None if last is None else parse_config(last.pricing_config)
    change = change_between(before, price)
    official = official_prices([model_id], at=at).get(model_id)
    return PricePreview(
        config=config,
        change=change,
        earliest_start=at if last is None else earliest_start(change, at=at),
        last_number=None if last is None else last.number,
        last_starts_at=None if last is None else last.starts_at,
        samples=_samples(before, price, usage),
        official=None if official is None else compare(price, official.price_list),
    )


def earliest_start(change: Change, *, at: datetime) -> datetime:
    """Notice is owed to whoever pays more, also where others pay less."""
    return at + timedelta(hours=settings.PRICE_NOTICE_HOURS) if change.needs_notice else at


def config_in_credits(
    entered: Mapping[str, Any], *, at: datetime
) -> tuple[CreditRateInForce | None, Mapping[str, Any]]:
    """The rate, if one is needed, and the config as calls are priced by it. Raises `PricingConfigError`."""
    currency = entered.get("currency", CREDIT)
    rate = credit_rate(currency, at=at) if currency in ("USD", "CNY") else None
    config = entered if rate is None else in_credits(entered, Decimal(rate.credits_per_unit))
    parse_config(config)
    check_range(config)
    return rate, config


def _samples(before: PriceList | None, price: PriceList, usage: Usage | None) -> tuple[PreviewedUsage, ...]:
    lists = [price] if before is None else [price, before]
    usages = [*([usage] if usage else []), *sample_usages(*lists)]
    return tuple(
        PreviewedUsage(one, None if before is None else estimate(before, one), estimate(price, one)) for one in usages
    )
