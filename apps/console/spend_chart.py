"""The spend of some days as series of a stacked chart and as the table it is drawn from. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

MOST_SERIES: Final = 5


@dataclass(frozen=True, slots=True)
class Spend:
    """What one model cost on one business day."""

    on: date
    model: str
    nanos: int


@dataclass(frozen=True, slots=True)
class Series:
    """`name` is empty for all other models together; `tone` is the number of its colour."""

    name: str
    tone: int
    nanos: int


@dataclass(frozen=True, slots=True)
class Day:
    on: date
    nanos: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SpendChart:
    series: tuple[Series, ...]
    days: tuple[Day, ...]
    nanos: int


def spend_chart(spend: Iterable[Spend], *, first: date, last: date) -> SpendChart:
    """The dearest four models and all others, one row a day from `first` to `last`; sums are the sums of `spend`."""
    found = list(spend)
    totals: Counter[str] = Counter()
    for entry in found:
        totals[entry.model] += entry.nanos
    leading = [model for model, _nanos in sorted(totals.items(), key=lambda item: (-item[1], item[0]))]
    if len(leading) > MOST_SERIES:
        leading = leading[: MOST_SERIES - 1]
    others = sum(totals.values()) - sum(totals[model] for model in leading)
    series = [Series(model, tone, totals[model]) for tone, model in enumerate(leading, start=1)]
    if len(totals) > len(leading):
        series.append(Series("", MOST_SERIES, others))
    cells = Counter[tuple[date, str]]()
    for entry in found:
        cells[entry.on, entry.model if entry.model in leading else ""] += entry.nanos
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    rows = tuple(Day(on, tuple(cells[on, one.name] for one in series)) for on in days)
    return SpendChart(tuple(series), rows, sum(totals.values()))
