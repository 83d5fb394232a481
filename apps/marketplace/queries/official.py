"""What the vendors themselves ask."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.marketplace.models import OfficialPrice
from apps.marketplace.pricing_config import CREDIT, in_credits, parse_config
from apps.marketplace.queries.prices import credit_rate
from apps.marketplace.types import OfficialPriceCard


def official_prices(model_ids: Collection[int], *, at: datetime) -> dict[int, OfficialPriceCard]:
    """The official price of each of these models as known `at`, in credits at the rate in force then.

    Models without one are absent. One query, and one more for each currency.
    """
    known = OfficialPrice.objects.filter(model_id__in=model_ids, recorded_at__lte=at)
    rows = list(known.order_by("model_id", "-number").distinct("model_id"))
    currencies = {row.pricing_config.get("currency", CREDIT) for row in rows} - {CREDIT}
    rates = {currency: credit_rate(currency, at=at).credits_per_unit for currency in currencies}
    return {row.model_id: _card(row, rates.get(row.pricing_config.get("currency"))) for row in rows}


def exported_official_prices() -> list[dict[str, Any]]:
    """The last official price of each model, as a catalogue file says it."""
    rows = OfficialPrice.objects.order_by("model_id", "-number").distinct("model_id").select_related("model")
    return [
        {
            "model": row.model.code,
            "source": row.source,
            "as_of": row.as_of.isoformat(),
            "pricing_config": row.pricing_config,
        }
        for row in rows
    ]


def _card(row: OfficialPrice, credits_per_unit: Decimal | None) -> OfficialPriceCard:
    """`credits_per_unit` is None for a price in credits, which stays as it is."""
    config = row.pricing_config if credits_per_unit is None else in_credits(row.pricing_config, credits_per_unit)
    return OfficialPriceCard(
        number=row.number,
        config=row.pricing_config,
        credits_config=config,
        price_list=parse_config(config),
        credits_per_unit=credits_per_unit or Decimal(1),
        source=row.source,
        as_of=row.as_of,
        recorded_at=row.recorded_at,
    )
