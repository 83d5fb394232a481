"""How amounts read on a page: the reader's unit, grouped, rounded for the eye. Nothing is charged by these figures."""

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from django.utils.translation import gettext

from apps.core.money import NANOS_PER_CREDIT, round_half_up

BALANCE_PLACES: Final = 2
CALL_PLACES: Final = 4
FIELD_PLACES: Final = range(BALANCE_PLACES, 13)  # with 12 of them a nanocredit can be written at any rate below 500
MINUS: Final = "−"
UNIT_PLACES: Final = range(BALANCE_PLACES, 13)
UNIT_DIGITS: Final = 4

_FIGURE: Final = re.compile(r"(\d{1,9})(?:\.(\d{1,12}))?", re.ASCII)
_SIGNS: Final = {"usd": "US$", "cny": "¥", "credits": ""}


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a page is written for: the unit that comes first, and what a unit is worth in credits."""

    unit: str
    credits_per_usd: Decimal
    credits_per_cny: Decimal

    @property
    def sign(self) -> str:
        return _SIGNS[self.unit]

    @property
    def second_unit(self) -> str:
        """The money that is not the first: shown beside credits where both help."""
        return "usd" if self.unit == "cny" else "cny"

    def rate_of(self, unit: str) -> Decimal:
        return {"usd": self.credits_per_usd, "cny": self.credits_per_cny, "credits": Decimal(1)}[unit]


def figure_text(nanos: int, credits_per_unit: Decimal, *, places: int) -> str:
    """A figure for a column: a true minus, and `<0.0001` for what is there but too small to show."""
    less, text = _shown(nanos, credits_per_unit, places=places)
    return (MINUS if nanos < 0 else "") + less + text


def figure(nanos: int, credits_per_unit: Decimal, *, places: int) -> str:
    """1276800000000 at 7 credits a dollar → `"182.40"`: grouped, halves up, without a sign of its own currency."""
    over, under = credits_per_unit.as_integer_ratio()
    scaled = round_half_up(abs(nanos) * 10**places * under, NANOS_PER_CREDIT * over)
    whole, fraction = divmod(scaled, 10**places)
    return f"{whole:,}.{fraction:0{places}d}"


def amount_text(nanos: int, reader: Reader, *, unit: str, places: int) -> str:
    """`US$182.40`, `¥1,276.80` or `1,276.80 credits`; a true minus; what is too small to show says so."""
    less, text = _shown(nanos, reader.rate_of(unit), places=places)
    signed = _SIGNS[unit] + text
    if unit == "credits":
        signed = gettext("%(amount)s credits") % {"amount": text}
    return (MINUS if nanos < 0 else "") + less + signed


def unit_price(nanos: Fraction, credits_per_unit: Decimal) -> str:
    """A price for a unit as published: as many decimals as it takes, at least two. What no decimals can write, such as
    a price in another currency, is rounded to four digits that count, and to no fewer than six decimals.
    """
    exact = nanos / NANOS_PER_CREDIT / Fraction(credits_per_unit)
    places = next((places for places in UNIT_PLACES if (exact * 10**places).denominator == 1), None)
    if places is None:
        zeros = next((place for place in UNIT_PLACES if exact * 10 ** (place + 1) >= 1), BALANCE_PLACES)
        places = max(zeros + UNIT_DIGITS, UNIT_DIGITS + BALANCE_PLACES)
    scaled = round_half_up(exact.numerator * 10**places, exact.denominator)
    whole, fraction = divmod(scaled, 10**places)
    return f"{whole:,}." + f"{fraction:0{places}d}".rstrip("0").ljust(BALANCE_PLACES, "0")


def unit_price_text(nanos: Fraction, reader: Reader) -> str:
    """The same with the sign of the reader's unit: `US$0.075`, `0.525 credits`."""
    text = unit_price(nanos, reader.rate_of(reader.unit))
    return gettext("%(amount)s credits") % {"amount": text} if reader.unit == "credits" else reader.sign + text


def _shown(nanos: int, credits_per_unit: Decimal, *, places: int) -> tuple[str, str]:
    text = figure(nanos, credits_per_unit, places=places)
    if nanos and not text.strip("0.,"):
        return "<", f"{Decimal(1).scaleb(-places):f}"
    return "", text


def nanos_from_figure(text: str, credits_per_unit: Decimal) -> int:
    """`"10.50"` at 7 credits a dollar → 73500000000. `ValueError` for anything but a plain amount."""
    match = _FIGURE.fullmatch(text.strip())
    if match is None:
        raise ValueError("Not an amount.")
    whole, fraction = match.groups()
    places = len(fraction or "")
    over, under = credits_per_unit.as_integer_ratio()
    return round_half_up(int(whole + (fraction or "")) * NANOS_PER_CREDIT * over, 10**places * under)


def plain_figure(nanos: int, credits_per_unit: Decimal) -> str:
    """What `nanos_from_figure` reads, for a field to start with: no grouping, `0` for nothing.

    What two decimals cannot show comes with as many as it takes to read it back: `0.00` would mean no limit.
    """
    texts = (figure(nanos, credits_per_unit, places=places).replace(",", "") for places in FIELD_PLACES)
    rounded = next(texts)
    if not nanos or rounded.strip("0."):
        return rounded if nanos else "0"
    return next((text for text in texts if nanos_from_figure(text, credits_per_unit) == nanos), rounded)
