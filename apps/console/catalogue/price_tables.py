"""A price list as tables that people read: a row for each condition and length, a column for each meter. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from apps.marketplace.rating import Conditions, PriceList

TOKENS: Final = "tokens"
Case = frozenset[tuple[str, str | bool]]


@dataclass(frozen=True, slots=True)
class Column:
    """`unit`: for how many of the meter a price is."""

    meter: str
    unit: int


@dataclass(frozen=True, slots=True)
class Cell:
    """Nanocredits for the column's unit, exact; None where nothing is priced. `official` is the vendor's own price."""

    nanos: Fraction | None
    official: Fraction | None = None

    @property
    def is_above_official(self) -> bool:
        return self.nanos is not None and self.official is not None and self.nanos > self.official


@dataclass(frozen=True, slots=True)
class Row:
    """Holds under `conditions`, for sizes from `start` on and below `end`; None for no end. `label`: what the operator
    calls the conditions, if anything."""

    conditions: Conditions
    start: int
    end: int | None
    cells: tuple[Cell, ...]
    label: str = ""

    @property
    def is_for_every_size(self) -> bool:
        return self.start == 0 and self.end is None

    def holds(self, size: int, conditions: Conditions) -> bool:
        in_reach = self.start <= size and (self.end is None or size < self.end)
        return in_reach and self.conditions.items() <= conditions.items()


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Meters that are counted alike: tokens, images, seconds. `unit` is the one of all columns, 0 where they differ."""

    counts: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    is_graduated: bool

    @property
    def unit(self) -> int:
        units = {column.unit for column in self.columns}
        return units.pop() if len(units) == 1 else 0

    @property
    def has_tiers(self) -> bool:
        return any(not row.is_for_every_size for row in self.rows)


def price_tables(
    price: PriceList, *, multiplier: Decimal = Decimal(1), official: PriceList | None = None
) -> tuple[PriceTable, ...]:
    """A table for each kind of meter, in the order in which meters are counted. `multiplier`: the caller's group's."""
    units = {item.meter: item.unit for item in reversed(price.items)}
    columns: dict[str, list[Column]] = {}
    for meter in price.items_under({}):
        if meter in units:
            columns.setdefault(counted_in(meter), []).append(Column(meter, units[meter]))
    return tuple(
        PriceTable(counts, tuple(known), tuple(_rows(price, known, Fraction(multiplier), official)), price.graduated)
        for counts, known in columns.items()
    )


def counted_in(meter: str) -> str:
    """Tokens of whatever kind stand in one table; every other meter has its own."""
    return TOKENS if meter.endswith("_tokens") else meter


def _rows(price: PriceList, columns: list[Column], factor: Fraction, official: PriceList | None) -> Iterator[Row]:
    for conditions in _condition_sets(price, columns):
        starts = _starts(price, columns, conditions)
        for start, end in zip(starts, [*starts[1:], None], strict=True):
            cells = (_cell(price, column, conditions, start, factor, official) for column in columns)
            yield Row(conditions, start, end, tuple(cells))


def _condition_sets(price: PriceList, columns: Iterable[Column]) -> list[Conditions]:
    """Every set of conditions under which these meters are told apart: those of each, joined where both can hold."""
    found: list[Case] = [frozenset()]
    for column in columns:
        own = [frozenset(item.conditions.items()) for item in price.items if item.meter == column.meter]
        pairs = [(some, more) for some in found for more in own if _can_both_hold(some, more)]
        alone = {*found, *own}.difference(case for pair in pairs for case in pair)
        joined = [some | more for some, more in pairs]
        found = list(dict.fromkeys([*joined, *(case for case in (*found, *own) if case in alone)]))
    return [dict(sorted(case)) for case in found]


def _can_both_hold(some: Case, more: Case) -> bool:
    others = dict(more)
    return all(others.get(name, value) == value for name, value in some)


def _starts(price: PriceList, columns: Iterable[Column], conditions: Conditions) -> list[int]:
    items = price.items_under(conditions)
    return sorted({0}.union(*(item.starts for column in columns if (item := items.get(column.meter)) is not None)))


def _cell(
    price: PriceList,
    column: Column,
    conditions: Conditions,
    start: int,
    factor: Fraction,
    official: PriceList | None,
) -> Cell:
    nanos = nanos_for(price, column, conditions, start)
    theirs = None if official is None else nanos_for(official, column, conditions, start)
    return Cell(None if nanos is None else nanos * factor, theirs)


def nanos_for(price: PriceList, column: Column, conditions: Conditions, size: int) -> Fraction | None:
    """What the column's unit costs at this size; None where the list has no price of the meter."""
    item = price.items_under(conditions).get(column.meter)
    if item is None:
        return None
    tier = bisect_right(item.starts, size) - 1
    return price.unit_nanos(item, tier) * column.unit / item.unit
