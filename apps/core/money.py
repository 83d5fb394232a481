"""Amounts: credits in nanocredits (1e-9), paid money in minor units. Integers only; no rates, no display rules."""

import re
from decimal import Decimal
from typing import NewType

Nanos = NewType("Nanos", int)
"""Credits times 1e9."""

Minor = NewType("Minor", int)
"""Paid money in the currency's smallest unit; always beside a currency code."""

NANOS_PER_CREDIT = 1_000_000_000
MAX_NANOS = 2**63 - 1

_CREDITS = re.compile(r"(-?)(\d{1,10})(?:\.(\d{1,9}))?", re.ASCII)


def nanos_from_text(text: str) -> Nanos:
    """`"0.3"` → 300000000. At most nine decimals, plain notation; `ValueError` for anything else."""
    match = _CREDITS.fullmatch(text)
    if match is None:
        raise ValueError("Write an amount such as 10 or 10.50, with at most nine decimals.")
    sign, whole, fraction = match.groups()
    nanos = int(whole) * NANOS_PER_CREDIT + int((fraction or "").ljust(9, "0"))
    if nanos > MAX_NANOS:
        raise ValueError("That amount is larger than an account can hold.")
    return Nanos(-nanos if sign else nanos)


def credits_text(nanos: int) -> str:
    """300000000 → `"0.3"`: exact, plain notation, no trailing zeros; what every API answer uses."""
    whole, fraction = divmod(abs(nanos), NANOS_PER_CREDIT)
    sign = "-" if nanos < 0 else ""
    decimals = f"{fraction:09d}".rstrip("0")
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"


def minor_text(minor: int) -> str:
    """134925 → `"1349.25"`: paid money with its two decimals; the currency stands beside it."""
    whole, fraction = divmod(minor, 100)
    return f"{whole}.{fraction:02d}"


def round_half_up(numerator: int, denominator: int) -> int:
    """The quotient of two non-negative integers, halves up: the one rounding of a charge."""
    if numerator < 0 or denominator <= 0:
        raise ValueError("round_half_up takes a numerator of at least 0 and a denominator above 0.")
    return (2 * numerator + denominator) // (2 * denominator)


def round_down(numerator: int, denominator: int) -> int:
    """The quotient of two non-negative integers, cut: the one rounding of money paid back."""
    if numerator < 0 or denominator <= 0:
        raise ValueError("round_down takes a numerator of at least 0 and a denominator above 0.")
    return numerator // denominator


def credits_decimal(nanos: int) -> Decimal:
    """Credits as a Decimal, for a rate to be applied to; never stored."""
    return Decimal(nanos).scaleb(-9)
