"""Which business days a statement covers: a month, or from one day to another. Pure but for the billing calendar."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from apps.core.billing_calendar import day_start
from apps.wallet.statement_lines import Period

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2098
_REFUSED: Final = "Those are no days of a statement."
_DAY = timedelta(days=1)
_MONTH: Final = re.compile(r"(\d{4})-(\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Days:
    """Business days from `first_on` to `last_on`, both included."""

    first_on: date
    last_on: date

    @property
    def is_month(self) -> bool:
        return self == month_of(self.first_on)

    @property
    def period(self) -> Period:
        return Period(day_start(self.first_on), day_start(self.last_on + _DAY))

    def as_text(self) -> str:
        """`2026-11` for a month, else `2026-11-03..2026-11-09`: what `parse_days` reads."""
        return f"{self.first_on:%Y-%m}" if self.is_month else f"{self.first_on}..{self.last_on}"


def month_of(on: date) -> Days:
    first_on = on.replace(day=1)
    return Days(first_on, (first_on + timedelta(days=31)).replace(day=1) - _DAY)


def months_between(first_on: date, last_on: date) -> Iterator[Days]:
    """The months that these days lie in, the newest first."""
    month = month_of(last_on)
    while month.last_on >= first_on:
        yield month
        month = month_of(month.first_on - _DAY)


def parse_days(text: str) -> Days:
    """The days that `as_text` wrote; `ValueError` for anything else, for days out of order and for odd years."""
    match = _MONTH.fullmatch(text)
    first, _, last = text.partition("..")
    try:
        if match is not None:
            return checked(month_of(date(int(match[1]), int(match[2]), 1)))
        return checked(Days(date.fromisoformat(first), date.fromisoformat(last)))
    except (ValueError, OverflowError):  # the latter where a calendar ends
        raise ValueError(_REFUSED) from None


def checked(days: Days) -> Days:
    if not FIRST_YEAR <= days.first_on.year <= days.last_on.year <= LAST_YEAR or days.first_on > days.last_on:
        raise ValueError(_REFUSED)
    return days
