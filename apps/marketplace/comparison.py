"""Our price beside another one, official or earlier: what one of each meter costs in both. Pure; judges, never prices.

A badge that promises a saving comes from here and from nowhere else: from two recorded prices.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Final, NamedTuple

from apps.core.money import NANOS_PER_CREDIT
from apps.marketplace.meters import METERS, chain_of
from apps.marketplace.price_list import Conditions, Item, PriceList

_ORDER: Final = {meter: place for place, meter in enumerate(METERS)}
_CENT: Final = Decimal("0.01")
_FIGURE_DIGITS: Final = 12


class RatePoint(NamedTuple):
    """What one meter costs in both lists from a size on, in credits for `unit`.

    `ours` is None where we do not offer it under these conditions, and 0 where we charge nothing; `reference` is None
    where the other list says nothing of it.
    """

    meter: str
    conditions: Conditions
    start: int
    unit: int
    ours: Fraction | None
    reference: Fraction | None

    @property
    def is_compared(self) -> bool:
        return self.ours is not None and self.reference is not None

    @property
    def is_above(self) -> bool:
        return self.ours is not None and self.reference is not None and self.ours > self.reference

    @property
    def ratio(self) -> Fraction | None:
        """Ours over the other one; None where there is nothing to divide by."""
        if self.ours is None or not self.reference:
            return None
        return self.ours / self.reference

    @property
    def difference_percent(self) -> Decimal | None:
        """−20.00 for a fifth less, to two decimals; None where one side is missing, or where the free got a price."""
        if self.ours is not None and self.ours == self.reference:
            return Decimal(0)
        return None if self.ratio is None else _percent(self.ratio - 1, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`is_same_tiering` is false where both lists have tiers and count them by different things."""

    points: tuple[RatePoint, ...]
    is_same_tiering: bool

    @property
    def compared(self) -> tuple[RatePoint, ...]:
        return tuple(point for point in self.points if point.is_compared)

    @property
    def is_above(self) -> bool:
        """Whether anything costs more with us."""
        return any(point.is_above for point in self.compared)

    @property
    def is_equal(self) -> bool:
        """Whether all that the other list prices costs the same with us."""
        told = [point for point in self.points if point.reference is not None]
        return self.is_same_tiering and all(point.ours == point.reference for point in told)

    @property
    def discount_percent(self) -> Decimal | None:
        """What a badge may promise: the saving that every call has at least, rounded down; None where there is none.

        The smallest one, so that nobody who reads the badge pays more than it says.
        """
        ratios = [point.ratio for point in self.compared if point.reference]
        if not ratios or self.is_above or not self.is_same_tiering:
            return None
        saved = _percent(1 - max(ratio for ratio in ratios if ratio is not None), ROUND_DOWN)
        return saved if saved > 0 else None


def compare(ours: PriceList, reference: PriceList, *, multiplier: Decimal | int = 1) -> Comparison:
    """Both lists at every meter, condition and size that either of them tells apart; ours times the multiplier."""
    factor = Fraction(multiplier)
    named = sorted({item.meter for item in (*ours.items, *reference.items)}, key=_ORDER.__getitem__)
    points = tuple(point for meter in named for point in _points(meter, ours, reference, factor))
    return Comparison(points, _is_same_tiering(ours, reference))


def discount_percent(ours: PriceList, reference: PriceList, *, multiplier: Decimal | int = 1) -> Decimal | None:
    """The saving over a recorded official or earlier price that a badge may show; None for no badge."""
    return compare(ours, reference, multiplier=multiplier).discount_percent


def _points(meter: str, ours: PriceList, reference: PriceList, factor: Fraction) -> Iterator[RatePoint]:
    for conditions in _condition_sets(meter, ours, reference):
        mine, other = _resolved(ours, meter, conditions), _resolved(reference, meter, conditions)
        shown = other or mine
        unit = 1 if shown is None else shown.unit
        for start in sorted({*(mine.starts if mine else (0,)), *(other.starts if other else (0,))}):
            ours_rate = _rate(ours, mine, start, unit)
            if mine is None and not _is_named(meter, ours):
                ours_rate = Fraction(0)  # a meter without a price is free
            reference_rate = _rate(reference, other, start, unit)
            if ours_rate is not None or reference_rate is not None:
                yield RatePoint(
                    meter,
                    conditions,
                    start,
                    unit,
                    None if ours_rate is None else ours_rate * factor,
                    reference_rate,
                )


def _condition_sets(meter: str, ours: PriceList, reference: PriceList) -> list[Conditions]:
    """Every set that some item of the meter, or one of each list together, asks for; the empty one first."""
    mine, others = _written(meter, ours), _written(meter, reference)
    both = {frozenset({**dict(some), **dict(more)}.items()) for some in mine for more in others if _agree(some, more)}
    return [dict(sorted(found)) for found in sorted(both, key=lambda found: (len(found), sorted(map(str, found))))]


def _written(meter: str, price: PriceList) -> set[frozenset[tuple[str, str | bool]]]:
    chain = chain_of(meter)
    return {frozenset(), *(frozenset(item.conditions.items()) for item in price.items if item.meter in chain)}


def _agree(some: frozenset[tuple[str, str | bool]], more: frozenset[tuple[str, str | bool]]) -> bool:
    others = dict(more)
    return all(others.get(name, value) == value for name, value in some)


def _resolved(price: PriceList, meter: str, conditions: Conditions) -> Item | None:
    return price.items_under(conditions).get(meter)


def _is_named(meter: str, price: PriceList) -> bool:
    return meter in price.items_under({})


def _rate(price: PriceList, item: Item | None, start: int, unit: int) -> Fraction | None:
    """Credits for `unit` at this size."""
    if item is None:
        return None
    tier = bisect_right(item.starts, start) - 1
    return Fraction(item.rates[tier] * unit, price.denominator * NANOS_PER_CREDIT)


def _is_same_tiering(ours: PriceList, reference: PriceList) -> bool:
    if not (_has_tiers(ours) and _has_tiers(reference)):
        return True
    return (ours.graduated, ours.tiered_by) == (reference.graduated, reference.tiered_by)


def _has_tiers(price: PriceList) -> bool:
    return any(len(item.starts) > 1 for item in price.items)


def _percent(part: Fraction, rounding: str) -> Decimal:
    """A part of one in percent, to two decimals: 1/3 → 33.33."""
    hundredths = part * 10_000
    sign = -1 if hundredths < 0 else 1
    whole, rest = divmod(abs(hundredths.numerator), hundredths.denominator)
    if rounding == ROUND_HALF_UP and 2 * rest >= hundredths.denominator:
        whole += 1
    return sign * whole * _CENT


def figure(value: Fraction) -> str:
    """An amount as plain text, exact for every price that decimals can write, else to twelve digits."""
    with localcontext(prec=_FIGURE_DIGITS):
        text = format(Decimal(value.numerator) / Decimal(value.denominator), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
