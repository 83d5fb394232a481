"""What an announced price would have made of the last 30 days of some teams. Writes nothing."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Final

from apps.core.billing_calendar import business_date
from apps.core.money import round_half_up
from apps.marketplace import queries as marketplace
from apps.marketplace.rating import NotPriced, PriceList
from apps.marketplace.types.alerts import Impact, MultiplierStep, PriceStep
from apps.relay.charging import price_again
from apps.usage import queries as usage
from apps.usage.types import CallDetail

DAYS: Final = timedelta(days=30)
MOST_CALLS: Final = 5_000
"""Of one team and model; the newest stand for the others. A call takes some 20 µs to be priced twice."""


def impact_of(team_ids: Collection[int], step: PriceStep | MultiplierStep, *, at: datetime) -> Impact | None:
    """How much more, or less, these teams would have paid in the last 30 business days; None without such calls."""
    last_on = business_date(at)
    first_on = last_on - DAYS + timedelta(days=1)
    if isinstance(step, MultiplierStep):
        found = [_of_multiplier(team_id, step, first_on=first_on, last_on=last_on) for team_id in team_ids]
    else:
        prices = _prices(step)
        found = [_of_price(team_id, step.model, prices, first_on=first_on, last_on=last_on) for team_id in team_ids]
    known = [impact for impact in found if impact is not None]
    if not known:
        return None
    return Impact(sum(impact.nanos for impact in known), any(impact.is_estimate for impact in known))


def _prices(step: PriceStep) -> tuple[PriceList, PriceList]:
    old, new = (marketplace.price_version(version) for version in (step.old_version, step.new_version))
    if old is None or new is None:
        raise LookupError(f"{step.model} has no versions {step.old_version} and {step.new_version}.")
    return old.price_list, new.price_list


def _of_price(
    team_id: int, model: str, prices: tuple[PriceList, PriceList], *, first_on: date, last_on: date
) -> Impact | None:
    calls = usage.last_calls(team_id, model, first_on=first_on, last_on=last_on, at_most=MOST_CALLS)
    if not calls:
        return None
    nanos = sum(_difference(call, *prices) for call in calls)
    if len(calls) < MOST_CALLS:
        return Impact(nanos, is_estimate=False)
    days = usage.spend_by_day_and_model(team_id, first_on, last_on)
    whole = sum(day.charge_nanos for day in days if day.model_code == model)
    return Impact(_scaled(nanos, whole, sum(call.logged.charge_nanos for call in calls)), is_estimate=True)


def _difference(call: CallDetail, old: PriceList, new: PriceList) -> int:
    """0 for a call that was given away, and for one that either price does not know."""
    try:
        before, after = price_again(call, old), price_again(call, new)
    except NotPriced:
        return 0
    return 0 if before and not call.logged.charge_nanos else after - before


def _of_multiplier(team_id: int, step: MultiplierStep, *, first_on: date, last_on: date) -> Impact | None:
    """The charges themselves grow by the quotient. Where calls were free before, nothing says what they would cost."""
    spend = usage.spend_in_group(team_id, step.group, first_on=first_on, last_on=last_on)
    if not spend or not step.old:
        return None
    more = Fraction(step.new) / Fraction(step.old) - 1
    return Impact(_scaled(spend, more.numerator, more.denominator), is_estimate=False)


def _scaled(nanos: int, numerator: int, denominator: int) -> int:
    """`nanos` times a fraction, halves away from 0; as it is where there is nothing to compare with."""
    if not denominator:
        return nanos
    product = nanos * numerator
    rounded = round_half_up(abs(product), denominator)
    return -rounded if product < 0 else rounded
