"""What changes between two price lists: which meter, under which conditions, at which sizes, up or down.

Pure. Whoever pays is to be told of the worst that can happen to a call, so every case that either list tells apart is
compared: conditions, sizes, and meters that take the price of another one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any

from apps.core.money import NANOS_PER_CREDIT
from apps.marketplace.meters import METERS, chain_of
from apps.marketplace.price_list import Conditions, Item, PriceList
from apps.marketplace.types import Direction

MOST_PERCENT = Decimal(99_999_999)
_NOTHING = Fraction(0)
_PLACES = Decimal("0.0001")
_TWELFTH = Decimal("1e-12")

Case = frozenset[tuple[str, str | bool]]


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One meter for sizes in `[start, end)`, in credits for `unit`. `old` or `new` is None where it cannot be used.

    `percent` has its sign; it is None where there is nothing to compare with: free before, or not to be used.
    """

    meter: str
    conditions: Conditions
    start: int
    end: int | None
    unit: int
    old: str | None
    new: str | None
    percent: Decimal | None

    def as_json(self) -> dict[str, Any]:
        return {
            "meter": self.meter,
            "conditions": dict(self.conditions),
            "from": self.start,
            "to": self.end,
            "unit": self.unit,
            "old": self.old,
            "new": self.new,
            "percent": None if self.percent is None else f"{self.percent:f}",
        }


@dataclass(frozen=True, slots=True)
class Change:
    """`direction` is None where no call can cost more or less than before.

    `largest_percent` has no sign; it is None where something free got a price, or cannot be used any more.
    """

    direction: Direction | None
    lines: tuple[PriceLine, ...] = ()
    largest_percent: Decimal | None = None

    @property
    def needs_notice(self) -> bool:
        """A change that makes some calls cheaper and others dearer is announced like one that only raises."""
        return self.direction in (Direction.UP, Direction.MIXED)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Rates in nanocredits for one of the meter, where nothing changes between `start` and `end`."""

    start: int
    end: int | None
    old: Fraction | None
    new: Fraction | None


@dataclass(frozen=True, slots=True)
class _Slot:
    """A meter under some conditions, and what each of the two lists prices it by."""

    meter: str
    case: Case
    old: Item | None
    new: Item | None
    pieces: tuple[_Piece, ...]
    compared: tuple[tuple[Fraction | None, Fraction | None], ...]
    """Pairs of rates that bound every call: where the lists count sizes differently, extremes and not pieces."""


def change_between(old: PriceList | None, new: PriceList) -> Change:
    """What a call of any size, meter and condition pays more or less than before. A first price changes nothing.

    Where the two lists choose their tiers by different things, a call can meet any tier of the one and any of the
    other: unless all of one are at most all of the other, that is mixed.
    """
    if old is None:
        return Change(None)
    slots = [slot for slot in _slots(old, new) if any(before != after for before, after in slot.compared)]
    pairs = [pair for slot in slots for pair in slot.compared]
    direction = _direction(pairs)
    if direction is None:
        return Change(None)
    return Change(direction, tuple(line for slot in slots for line in _lines(slot)), _largest_percent(pairs))


def _direction(pairs: list[tuple[Fraction | None, Fraction | None]]) -> Direction | None:
    is_up = any(_is_dearer(before, after) for before, after in pairs)
    is_down = any(_is_cheaper(before, after) for before, after in pairs)
    if is_up and is_down:
        return Direction.MIXED
    if is_up:
        return Direction.UP
    return Direction.DOWN if is_down else None


def _is_dearer(before: Fraction | None, after: Fraction | None) -> bool:
    """What can no longer be used is a loss, and wants the same notice."""
    return before is not None and (after is None or after > before)


def _is_cheaper(before: Fraction | None, after: Fraction | None) -> bool:
    return before is not None and after is not None and after < before


def _largest_percent(pairs: list[tuple[Fraction | None, Fraction | None]]) -> Decimal | None:
    """Without sign. None where something free got a price or something cannot be used any more."""
    largest = Decimal(0)
    for before, after in pairs:
        if before is None or before == after:
            continue
        percent = _percent(before, after)
        if percent is None:
            return None
        largest = max(largest, abs(percent))
    return largest


def _percent(before: Fraction | None, after: Fraction | None) -> Decimal | None:
    """Rounded half up to four decimals, and never beyond what its column holds."""
    if not before or after is None:
        return None
    exact = (after - before) * 100 / before
    with localcontext(prec=60):
        percent = Decimal(exact.numerator) / Decimal(exact.denominator)
        return min(percent, MOST_PERCENT).quantize(_PLACES, rounding=ROUND_HALF_UP)


# -- Which cases there are -----------------------------------------------------------------------


def _slots(old: PriceList, new: PriceList) -> Iterator[_Slot]:
    """Every meter that either list names, once for each pair of items that can price it.

    A meter that neither names costs what the one it stands for costs, so it changes as that one does.
    """
    named = {item.meter for item in (*old.items, *new.items)}
    for meter in METERS:
        if meter in named:
            yield from _slots_of(meter, old, new)


def _slots_of(meter: str, old: PriceList, new: PriceList) -> Iterator[_Slot]:
    seen: set[tuple[object, ...]] = set()
    for case in _cases(meter, (*old.items, *new.items)):
        conditions = dict(case)
        before, after = old.items_under(conditions), new.items_under(conditions)
        is_comparable = _count_alike(meter, (old, before), (new, after))
        key = (before.get(meter, meter), after.get(meter, meter), is_comparable)
        if key in seen:
            continue
        seen.add(key)
        pieces = tuple(_pieces(meter, before, after))
        compared = tuple((piece.old, piece.new) for piece in pieces) if is_comparable else _extremes(pieces)
        yield _Slot(meter, case, before.get(meter), after.get(meter), pieces, compared)


def _cases(meter: str, items: tuple[Item, ...]) -> list[Case]:
    """Every set of conditions that makes a difference to a meter, the most general first."""
    chain = frozenset(chain_of(meter))
    cases: set[Case] = {frozenset()}
    for item in items:
        if item.meter in chain:
            own = frozenset(item.conditions.items())
            cases |= {case | own for case in cases if _can_hold_together(case, own)}
    return sorted(cases, key=lambda case: (len(case), sorted(map(str, case))))


def _can_hold_together(some: Case, others: Case) -> bool:
    return len({name for name, _value in some | others}) == len(some | others)


def _count_alike(
    meter: str,
    old: tuple[PriceList, Mapping[str, Item | None]],
    new: tuple[PriceList, Mapping[str, Item | None]],
) -> bool:
    """Whether a call falls in the same place of both scales; a scale with one rate is the same everywhere."""
    (before, items_before), (after, items_after) = old, new
    if _is_flat(items_before.get(meter)) or _is_flat(items_after.get(meter)):
        return True
    if before.graduated != after.graduated:
        return False
    if before.graduated:
        return _sharing(meter, items_before) == _sharing(meter, items_after)
    return before.tiered_by == after.tiered_by


def _is_flat(item: Item | None) -> bool:
    return item is None or len(set(item.rates)) == 1


def _sharing(meter: str, items: Mapping[str, Item | None]) -> frozenset[str]:
    """The meters whose quantities fill the same graduated slices."""
    own = items.get(meter)
    return frozenset(other for other, item in items.items() if item is own)


# -- Rates, piece by piece -----------------------------------------------------------------------


def _pieces(meter: str, before: Mapping[str, Item | None], after: Mapping[str, Item | None]) -> Iterator[_Piece]:
    starts = sorted({0, *_starts(before.get(meter)), *_starts(after.get(meter))})
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        yield _Piece(start, end, _rate_at(meter, before, start), _rate_at(meter, after, start))


def _starts(item: Item | None) -> tuple[int, ...]:
    return () if item is None else item.starts


def _rate_at(meter: str, items: Mapping[str, Item | None], size: int) -> Fraction | None:
    """Nanocredits for one. A meter that the list does not name is free; None where its conditions fit nothing."""
    if meter not in items:
        return _NOTHING
    item = items[meter]
    if item is None:
        return None
    place = sum(start <= size for start in item.starts) - 1
    return Fraction(item.prices[place]) * NANOS_PER_CREDIT / item.unit


def _extremes(pieces: tuple[_Piece, ...]) -> tuple[tuple[Fraction | None, Fraction | None], ...]:
    """The worst and the best that can happen to a call whose place in one scale says nothing of the other."""
    before = [piece.old for piece in pieces if piece.old is not None]
    after = [piece.new for piece in pieces if piece.new is not None]
    if not before or not after:
        return tuple((piece.old, piece.new) for piece in pieces)
    return (min(before), max(after)), (max(before), min(after))


# -- Lines for people ----------------------------------------------------------------------------


def _lines(slot: _Slot) -> Iterator[PriceLine]:
    """The sizes at which the meter's price differs; all of them where only the counting of sizes does."""
    pieces = _merged([piece for piece in slot.pieces if piece.old != piece.new] or list(slot.pieces))
    unit = (slot.new or slot.old or _ONE).unit
    for piece in pieces:
        yield PriceLine(
            meter=slot.meter,
            conditions=dict(sorted(slot.case)),
            start=piece.start,
            end=piece.end,
            unit=unit,
            old=_amount(piece.old, unit),
            new=_amount(piece.new, unit),
            percent=_percent(piece.old, piece.new),
        )


def _merged(pieces: list[_Piece]) -> list[_Piece]:
    merged: list[_Piece] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if last is not None and (last.end, last.old, last.new) == (piece.start, piece.old, piece.new):
            merged[-1] = _Piece(last.start, piece.end, piece.old, piece.new)
        else:
            merged.append(piece)
    return merged


def _amount(rate: Fraction | None, unit: int) -> str | None:
    return None if rate is None else plain_text(rate * unit / NANOS_PER_CREDIT)


def plain_text(exact: Fraction) -> str:
    """An amount of credits as plain text: exact for every price that was entered, else half up to twelve decimals."""
    with localcontext(prec=60):
        amount = Decimal(exact.numerator) / Decimal(exact.denominator)
        if Fraction(amount) != exact:
            amount = amount.quantize(_TWELFTH, rounding=ROUND_HALF_UP)
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


_ONE = Item(meter="calls", unit=1, conditions={}, starts=(0,), prices=("0",), rates=(0,), dearest=(0,))
