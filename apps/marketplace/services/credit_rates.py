"""What a currency is worth in credits, and prices converted by it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.journal import services as journal
from apps.journal.types import Act
from apps.marketplace import queries
from apps.marketplace.errors import PriceConflict
from apps.marketplace.models import CreditRate


def set_credit_rate(
    currency: str, credits_per_unit: Decimal, *, at: datetime, starts_at: datetime, actor: int | None = None
) -> int:
    """What a unit of the currency is worth from `starts_at` on. Prices already published keep what they were given.

    Returns the row's id. Raises `PriceConflict` for a start in the past or for an instant that has a rate.
    """
    if starts_at < at:
        raise PriceConflict(_("A rate cannot begin in the past: published prices were converted with the one before."))
    with transaction.atomic():
        rate, created = CreditRate.objects.get_or_create(
            currency=currency, starts_at=starts_at, defaults={"credits_per_unit": credits_per_unit}
        )
        if not created:
            raise PriceConflict(_("There is a rate that begins at this instant: choose another one."))
        details = {"credits_per_unit": f"{credits_per_unit:f}", "starts_at": starts_at.isoformat()}
        journal.record_act(Act("credit_rate.set", "currency", currency, actor_id=actor, details=details), at=at)
    return rate.pk


def converted(entered: Mapping[str, Any], *, at: datetime) -> tuple[int | None, Mapping[str, Any]]:
    """The row of the rate, if one was needed, and the config in credits. Raises `PricingConfigError`."""
    rate, config = queries.config_in_credits(entered, at=at)
    if rate is None:
        return None, config
    return rate.rate_id or _first_rate(entered["currency"], rate.credits_per_unit, at=at), config


def _first_rate(currency: str, credits_per_unit: Decimal, *, at: datetime) -> int:
    row, _created = CreditRate.objects.get_or_create(
        currency=currency, starts_at=at, defaults={"credits_per_unit": credits_per_unit}
    )
    return row.pk
