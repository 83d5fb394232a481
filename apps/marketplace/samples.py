"""What a price means for calls one can picture: sample usages, and what each costs and holds. Pure; bills nothing."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext_lazy as _

from apps.core.money import Nanos
from apps.marketplace.errors import PricingConfigError
from apps.marketplace.meters import FAMILIES, METERS, QUOTED_AS, chain_of
from apps.marketplace.price_list import Conditions, PriceList
from apps.marketplace.rating import NotPriced, charge_nanos, upper_bound_nanos

MOST_SAMPLES: Final = 16
_MOST: Final = 10**9
_PAIR: Final = re.compile(r"([a-z][a-z0-9_]{0,39})=([^\s,=]{1,40})", re.ASCII)
_ONE_OF: Final[Mapping[str, int]] = {"video_seconds": 5, "audio_seconds": 60, "characters": 1000}
_CACHED: Final[Mapping[str, int]] = {"input_tokens": 3000, "cached_input_tokens": 8000, "cache_write_tokens": 1000}


@dataclass(frozen=True, slots=True)
class Usage:
    """What one call used, its parts apart: a cached token is not an input token too."""

    quantities: Mapping[str, int]
    conditions: Conditions = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a usage costs, and what is held before it is known. None where the price does not offer it.

    A call may be refused beforehand, though what it used would have had a price: it could have turned out otherwise.
    """

    total_nanos: Nanos | None
    bound_nanos: Nanos | None


def estimate(price: PriceList, usage: Usage, *, multiplier: Decimal | int = 1) -> Estimate:
    """By the functions that hold and charge calls; what is held never is less than what is charged."""
    return Estimate(_total(price, usage, multiplier), _bound(price, usage, multiplier))


def _total(price: PriceList, usage: Usage, multiplier: Decimal | int) -> Nanos | None:
    try:
        return charge_nanos(price, usage.quantities, conditions=usage.conditions, multiplier=multiplier).total_nanos
    except NotPriced:
        return None


def _bound(price: PriceList, usage: Usage, multiplier: Decimal | int) -> Nanos | None:
    known, possible = quoted(usage.quantities), frozenset(usage.quantities)
    try:
        return upper_bound_nanos(price, known, conditions=usage.conditions, multiplier=multiplier, also=possible)
    except NotPriced:
        return None


def quoted(quantities: Mapping[str, int]) -> dict[str, int]:
    """The same call as it is known beforehand: so much input, so much output, and what the request itself names."""
    known: dict[str, int] = {}
    for meter, quantity in quantities.items():
        base = chain_of(meter)[-1]
        name = base if base in QUOTED_AS else meter
        known[name] = known.get(name, 0) + quantity
    return known


def sample_usages(*prices: PriceList) -> tuple[Usage, ...]:
    """Calls that show what these prices tell apart: tiers from both sides, cached parts, conditions, single units."""
    found: list[Usage] = []
    for usage in _candidates(prices):
        if usage not in found:
            found.append(usage)
    return tuple(found[:MOST_SAMPLES])


def read_usage(text: str) -> Usage | None:
    """`input_tokens=12000 output_tokens=700 thinking=true`; None for nothing. Raises `PricingConfigError`."""
    pairs = [_pair(part) for part in text.replace(",", " ").split()]
    quantities = {name: _quantity(name, value) for name, value in pairs if name in METERS}
    if pairs and not quantities:
        raise PricingConfigError("sample", _("Name at least one meter, such as input_tokens=12000."))
    conditions = {name: _condition(value) for name, value in pairs if name not in METERS}
    return Usage(quantities, conditions) if pairs else None


def _pair(part: str) -> tuple[str, str]:
    match = _PAIR.fullmatch(part)
    if match is None:
        raise PricingConfigError("sample", _("Write pairs such as input_tokens=12000 output_tokens=700 thinking=true."))
    return match[1], match[2]


def _quantity(name: str, value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > len(str(_MOST)) or int(value) > _MOST:
        raise PricingConfigError(f"sample.{name}", _("Write a whole number, at most %(most)d.") % {"most": _MOST})
    return int(value)


def _condition(value: str) -> str | bool:
    return {"true": True, "false": False}.get(value, value)


def _candidates(prices: tuple[PriceList, ...]) -> Iterator[Usage]:
    items = [item for price in prices for item in price.items]
    named = {item.meter for item in items}
    tokens = FAMILIES["input_tokens"] | FAMILIES["output_tokens"]
    cases = [{}, *(item.conditions for item in items if item.conditions)]
    if named & tokens:
        yield from (Usage({"input_tokens": 1000, "output_tokens": 500}, case) for case in cases)
        if named & FAMILIES["input_tokens"] - {"input_tokens"}:
            yield Usage({**_CACHED, "output_tokens": 700})
        for start in sorted({start for item in items if item.meter in tokens for start in item.starts if start}):
            yield from (Usage({"input_tokens": size, "output_tokens": 500}) for size in (start - 1, start))
    for item in items:
        if item.meter not in tokens:
            yield Usage({item.meter: _ONE_OF.get(item.meter, 1)}, item.conditions)
        elif item.meter not in {*_CACHED, "output_tokens"}:
            yield Usage({item.meter: 1000}, item.conditions)
