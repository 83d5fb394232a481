"""The multipliers of New API, derived from a price list for front ends that know nothing else. Pure; bills nothing.

There, 500,000 quota are US$1, and quota = (input + output × completion) × model × group; so a model multiplier of 1 is
US$2 for a million input tokens. Calls are billed by the price list itself: what multipliers cannot say is marked.
"""

from collections.abc import Mapping
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final, NamedTuple

from apps.core.money import NANOS_PER_CREDIT, round_half_up
from apps.marketplace.price_list import Item, PriceList

QUOTA_PER_USD: Final = 500_000
BY_TOKENS: Final = 0
BY_CALL: Final = 1

# The meters that a multiplier of its own stands for, each in parts of another one's price.
_PARTS: Final = (
    ("completion", "output_tokens", "input_tokens"),
    ("cache", "cached_input_tokens", "input_tokens"),
    ("create_cache", "cache_write_tokens", "input_tokens"),
    ("image", "image_input_tokens", "input_tokens"),
    ("audio", "audio_input_tokens", "input_tokens"),
    ("audio_completion", "audio_output_tokens", "audio_input_tokens"),
)
_SAID: Final = frozenset({"input_tokens", *(meter for _name, meter, _of in _PARTS)})
_ONE_EACH: Final = ("calls", "images", "video_seconds", "audio_seconds", "search_units")
_DIGITS: Final = 12


class Multipliers(NamedTuple):
    """`quota_type` 0: `model` and `parts` by their names there; 1: `price_usd` for one of `meter`.

    `is_exact` is false where the price list says more: tiers, conditions, meters that have no multiplier.
    """

    quota_type: int
    meter: str
    model: Decimal
    price_usd: Decimal
    parts: Mapping[str, Decimal]
    is_exact: bool

    @property
    def completion(self) -> Decimal:
        return self.parts.get("completion", Decimal(0))

    def quota_of(self, input_tokens: int, output_tokens: int, *, group: Decimal | int = 1) -> int:
        """What a call by tokens costs there, halves up: 1,000 in and 500 out at 1.25, 4 and 1 are 3,750."""
        tokens = input_tokens + output_tokens * Fraction(self.completion)
        exact = tokens * Fraction(self.model) * Fraction(group)
        return round_half_up(exact.numerator, exact.denominator)


def multipliers_of(price: PriceList, credits_per_usd: Decimal) -> Multipliers | None:
    """The multipliers at the smallest size and without conditions; None where no multiplier can say the price."""
    rates = _Rates(price, credits_per_usd)
    if rates.has("input_tokens"):
        return _by_tokens(rates)
    if rates.has("characters"):
        model = rates.usd("characters") * QUOTA_PER_USD
        return Multipliers(BY_TOKENS, "characters", _decimal(model), Decimal(0), {}, rates.says_all({"characters"}))
    for meter in _ONE_EACH:
        if rates.has(meter):
            usd = _decimal(rates.usd(meter))
            return Multipliers(BY_CALL, meter, Decimal(0), usd, {}, rates.says_all({meter}))
    return None


def _by_tokens(rates: "_Rates") -> Multipliers | None:
    """None where input is free and something else is not: nothing times nothing is never a price."""
    parts = {}
    for name, meter, base in _PARTS:
        if not rates.usd(base):
            if rates.usd(meter):
                return None
        elif rates.has_own(meter):
            parts[name] = _decimal(rates.usd(meter) / rates.usd(base))
    model = _decimal(rates.usd("input_tokens") * QUOTA_PER_USD)
    return Multipliers(BY_TOKENS, "input_tokens", model, Decimal(0), parts, rates.says_all(_SAID))


class _Rates:
    """US dollars for one of each meter, at the first tier and without conditions."""

    def __init__(self, price: PriceList, credits_per_usd: Decimal) -> None:
        self._price = price
        self._nanos_per_usd = Fraction(credits_per_usd) * NANOS_PER_CREDIT
        self._items: Mapping[str, Item | None] = price.items_under({})

    def has(self, meter: str) -> bool:
        return self._items.get(meter) is not None

    def has_own(self, meter: str) -> bool:
        """Whether it has a price of its own, and not that of the meter it stands for."""
        item = self._items.get(meter)
        return item is not None and item.meter == meter

    def usd(self, meter: str) -> Fraction:
        item = self._items.get(meter)
        return Fraction(0) if item is None else Fraction(item.rates[0], self._price.denominator) / self._nanos_per_usd

    def says_all(self, said: frozenset[str] | set[str]) -> bool:
        return all(len(item.starts) == 1 and not item.conditions and item.meter in said for item in self._price.items)


def _decimal(value: Fraction) -> Decimal:
    with localcontext(prec=_DIGITS):
        found = Decimal(value.numerator) / Decimal(value.denominator)
        return found.normalize() if found else Decimal(0)
