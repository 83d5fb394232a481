"""What a usage costs, and how the cost of a past call adds up. Pure: prices and rows come from the callers."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from apps.marketplace.rating import Charge, NotPriced, PriceList, charge_nanos
from apps.relay.quote import price_of
from apps.relay.types import Admission, CallCost, Extras, Usage
from apps.usage.types import CallDetail

WRITE_METER: Final = "cache_write_meter"
"""Beside the conditions of a stored call: which meter its cache writes were counted by, where it is not the usual."""
_USUAL: Final = Extras()


def charge_of(usage: Usage, admission: Admission, extras: Extras) -> int:
    """The exact charge in nanocredits."""
    return _charge(price_of(admission.model), usage, extras, admission.group.multiplier).total_nanos


def quantities_of(usage: Usage, price: PriceList, extras: Extras) -> dict[str, int]:
    """The parts of a call, none inside another, as `rating` counts them."""
    quantities = {
        "input_tokens": usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens,
        "cached_input_tokens": usage.cached_tokens,
        extras.write_meter: usage.cache_write_tokens,
        "output_tokens": usage.output_tokens - usage.reasoning_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "calls": 1,
        **extras.quantities,
    }
    for meter, count in usage.other.items():
        if any(item.meter == meter for item in price.items):
            whole = "output_tokens" if "output" in meter else "input_tokens"
            quantities[meter] = min(count, quantities[whole])
            quantities[whole] -= quantities[meter]
    return {meter: count for meter, count in quantities.items() if count}


def stored_quantities(usage: Usage, extras: Extras) -> dict[str, int | str | bool]:
    """What the row of a call keeps beside its token counts, so that `cost_of` can price it again."""
    meter = {WRITE_METER: extras.write_meter} if extras.write_meter != _USUAL.write_meter else {}
    return {**usage.other, **extras.quantities, **extras.conditions, **(meter if usage.cache_write_tokens else {})}


def cost_of(call: CallDetail, price: PriceList) -> CallCost:
    """How the charge of a stored call adds up: its lines at the list price, the multiplier, what was not charged."""
    logged = call.logged
    usage, extras = _usage_of(call), _extras_of(call.quantities)
    if not logged.charge_nanos and not usage.input_tokens and not usage.output_tokens:
        return CallCost((), call.multiplier, 0, 0)  # ended before anything was counted
    listed = _charge(price, usage, extras, Decimal(1))
    total_nanos = _charge(price, usage, extras, call.multiplier).total_nanos
    return CallCost(
        lines=listed.lines,
        multiplier=call.multiplier,
        multiplier_nanos=total_nanos - listed.total_nanos,
        uncharged_nanos=logged.charge_nanos - total_nanos,
    )


def price_again(call: CallDetail, price: PriceList) -> int:
    """What a stored call costs by this price, at the multiplier it was charged with, in nanocredits.

    Raises `NotPriced` where the price has no item for the call's conditions.
    """
    return _charge(price, _usage_of(call), _extras_of(call.quantities), call.multiplier).total_nanos


def _usage_of(call: CallDetail) -> Usage:
    logged = call.logged
    return Usage(
        input_tokens=logged.input_tokens,
        output_tokens=logged.output_tokens,
        cached_tokens=logged.cached_tokens,
        cache_write_tokens=logged.cache_write_tokens,
        reasoning_tokens=logged.reasoning_tokens,
        other={name: count for name, count in _counts(call.quantities).items() if name.endswith("_tokens")},
    )


def _extras_of(stored: Mapping[str, int | str | bool]) -> Extras:
    counts = _counts(stored)
    return Extras(
        conditions={n: v for n, v in stored.items() if isinstance(v, (str, bool)) and n != WRITE_METER},
        quantities={name: count for name, count in counts.items() if not name.endswith("_tokens")},
        write_meter=str(stored.get(WRITE_METER, _USUAL.write_meter)),
    )


def _counts(stored: Mapping[str, int | str | bool]) -> dict[str, int]:
    return {n: v for n, v in stored.items() if isinstance(v, int) and not isinstance(v, bool)}


def _charge(price: PriceList, usage: Usage, extras: Extras, factor: Decimal) -> Charge:
    quantities, conditions = quantities_of(usage, price, extras), _conditions(usage, price, extras)
    try:
        return charge_nanos(price, quantities, conditions=conditions, multiplier=factor)
    except NotPriced:
        # Only whether the model thought can differ from what was quoted: take the price there is.
        other = {**conditions, "thinking": not conditions.get("thinking", False)}
        return charge_nanos(price, quantities, conditions=other, multiplier=factor)


def _conditions(usage: Usage, price: PriceList, extras: Extras) -> dict[str, str | bool]:
    if "thinking" not in price.condition_values or "thinking" in extras.conditions:
        return dict(extras.conditions)
    return {**extras.conditions, "thinking": usage.reasoning_tokens > 0}
