"""The one price function: preview, hold and charge all call it. Integers only; no database, clock or settings.

A price list is parsed once (`parse_config`) into whole numbers over one denominator, so that a charge is a few
multiplications and exactly one rounding, half up, to the nanocredit.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from apps.core.money import Nanos, round_half_up
from apps.marketplace.meters import FAMILIES, METERS, QUOTED_AS, chain_of
from apps.marketplace.price_list import Conditions, HoldTerms, Item, PriceList
from apps.marketplace.pricing_config import parse_config

__all__ = [
    "Charge",
    "Conditions",
    "HoldTerms",
    "Line",
    "NotPriced",
    "PriceList",
    "chain_of",
    "charge_nanos",
    "parse_config",
    "upper_bound_nanos",
]

_NO_CONDITIONS: Conditions = {}


class NotPriced(LookupError):
    """The price list names this meter, but no item of it fits the conditions of the call."""

    def __init__(self, meter: str) -> None:
        self.meter = meter
        super().__init__(f"No price of {meter} fits the conditions of this call.")


# Tuples and not dataclasses: building them is half of a charge, and a tuple costs a third (0.2 against 0.6 µs each).
class Line(NamedTuple):
    """One meter's part of a charge, `price` for each `unit`, multiplier not included; `nanos` add up to the total."""

    meter: str
    quantity: int
    price: str
    unit: int
    nanos: int


class Charge(NamedTuple):
    total_nanos: Nanos
    lines: tuple[Line, ...]


def charge_nanos(
    price: PriceList,
    quantities: Mapping[str, int],
    *,
    conditions: Conditions = _NO_CONDITIONS,
    multiplier: Decimal | int = 1,
) -> Charge:
    """The exact price of what was counted, rounded half up once. Meters without a price are free.

    Raises `NotPriced` when items of a meter exist and none fits the conditions; `ValueError` for a meter that does not
    exist or a negative quantity.
    """
    items = price.items_under(conditions)
    factor, denominator = _factor(price, multiplier)
    parts = _graduated_parts(items, quantities) if price.graduated else _volume_parts(price, items, quantities)
    lines = []
    exact = rounded = 0
    for meter, quantity, item, tier in parts:
        exact += quantity * item.rates[tier] * factor
        total = round_half_up(exact, denominator)
        lines.append(Line(meter, quantity, item.prices[tier], item.unit, total - rounded))
        rounded = total
    return Charge(Nanos(rounded), tuple(lines))


def upper_bound_nanos(
    price: PriceList,
    quantities: Mapping[str, int],
    *,
    conditions: Conditions = _NO_CONDITIONS,
    multiplier: Decimal | int = 1,
    also: Collection[str] = (),
) -> Nanos:
    """The most a call of at most these quantities can cost, at the dearest tier it can reach.

    `input_tokens` stand for the whole prompt and `output_tokens` for all output: each is bounded at the dearest thing
    it may turn out to be (a cache write, reasoning). `also` names further meters the request makes possible, such as
    `cache_write_1h_tokens`.
    """
    items = price.items_under(conditions)
    factor, denominator = _factor(price, multiplier)
    reach = bisect_left if price.graduated else bisect_right
    possible = frozenset(also)
    size = price.size_of(quantities) if len(price.tiered_by) > 1 else _most_size(price, quantities, possible)
    exact = 0
    for meter, quantity in quantities.items():
        most = quantity if price.graduated else size
        rate = 0
        for may_be in _may_be(meter, possible):
            item = _item_of(items, may_be, quantity)
            if item is not None:
                rate = max(rate, item.dearest[max(reach(item.starts, most) - 1, 0)])
        exact += quantity * rate
    return Nanos(round_half_up(exact * factor, denominator))


def _most_size(price: PriceList, quantities: Mapping[str, int], possible: frozenset[str]) -> int:
    """Where tiers go by one part, such as cached tokens: all that was quoted may turn out to be that part."""
    tiered_by = price.tiered_by
    return sum(quantity for meter, quantity in quantities.items() if not tiered_by.isdisjoint(_may_be(meter, possible)))


@lru_cache(maxsize=1024)
def _may_be(meter: str, also: frozenset[str]) -> tuple[str, ...]:
    """The meters that a quoted quantity may turn out to be. Remembered: a bound takes 4.8 µs instead of 7.4."""
    quoted = QUOTED_AS.get(meter, frozenset((meter,)))
    return tuple(sorted(quoted | FAMILIES.get(meter, frozenset()).intersection(also)))


def _factor(price: PriceList, multiplier: Decimal | int) -> tuple[int, int]:
    """The multiplier as a whole factor, and what the products are to be divided by."""
    if multiplier == 1:
        return 1, price.denominator
    numerator, divisor = multiplier.as_integer_ratio()
    if numerator < 0:
        raise ValueError("A multiplier is at least 0.")
    return numerator, price.denominator * divisor


def _volume_parts(
    price: PriceList, items: Mapping[str, Item | None], quantities: Mapping[str, int]
) -> Iterator[tuple[str, int, Item, int]]:
    """(meter, quantity, item, tier): the whole call at the tier of its size."""
    size = -1
    for meter, quantity in quantities.items():
        item = _item_of(items, meter, quantity)
        if item is None:
            continue
        tier = 0
        if len(item.starts) > 1:
            if size < 0:
                size = price.size_of(quantities)
            tier = bisect_right(item.starts, size) - 1
        yield meter, quantity, item, tier


def _graduated_parts(
    items: Mapping[str, Item | None], quantities: Mapping[str, int]
) -> Iterator[tuple[str, int, Item, int]]:
    """(meter, quantity, item, tier): each tier prices its own slice, meters that share an item share its slices."""
    sums: dict[Item, int] = {}
    for meter, quantity in quantities.items():
        item = _item_of(items, meter, quantity)
        if item is not None:
            sums[item] = sums.get(item, 0) + quantity
    for item, total in sums.items():
        ends = (*item.starts[1:], total)
        for tier, (start, end) in enumerate(zip(item.starts, ends, strict=True)):
            if total > start:
                yield item.meter, min(total, end) - start, item, tier


def _item_of(items: Mapping[str, Item | None], meter: str, quantity: int) -> Item | None:
    """The item that prices this quantity; None when there is nothing to charge."""
    if quantity <= 0:
        if quantity < 0:
            raise ValueError(f"{meter} cannot be counted below 0.")
        return None
    item = items.get(meter)
    if item is None:
        if meter in items:
            raise NotPriced(meter)
        if meter not in METERS:
            raise ValueError(f"There is no meter {meter}.")
    return item
