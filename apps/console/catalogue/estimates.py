"""What a call would cost: the questions that a price list leaves open, and its answer by the function that bills."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from apps.core.money import Nanos
from apps.marketplace.rating import Conditions, PriceList, chain_of, charge_nanos

DAYS: Final = 30
USUAL: Final[Mapping[str, int]] = {
    "input_tokens": 12_000,
    "cached_input_tokens": 8_000,
    "output_tokens": 700,
    "calls": 1,
    "images": 1,
    "video_seconds": 5,
    "audio_seconds": 60,
    "characters": 1_000,
    "search_units": 1,
}
"""What the page starts with; nothing of what is not named here."""
CALLS: Final = "calls"
_WHOLES: Final = ("input_tokens", "output_tokens")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A figure to ask for. One that is `part_of` another is counted within it, as people count a prompt."""

    meter: str
    part_of: str | None
    usual: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A condition to ask for. `is_open`: there is a price for none of `values` too."""

    name: str
    values: tuple[str | bool, ...]
    is_open: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """`size` and `conditions` say which row of the price table the call falls in."""

    call_nanos: Nanos
    day_nanos: int
    month_nanos: int
    size: int
    conditions: Conditions


class PartsTooLarge(ValueError):
    """The parts of a whole are more than the whole."""

    def __init__(self, meter: str) -> None:
        self.meter = meter
        super().__init__(f"The parts of {meter} are more than it.")


def quantities_of(price: PriceList, *, longest_input: int | None = None) -> tuple[Quantity, ...]:
    """What a call of this model is measured by, wholes before their parts. A call itself is always one."""
    priced = [item.meter for item in price.items]
    asked: list[Quantity] = []
    for whole in _WHOLES:
        family = [meter for meter in dict.fromkeys(priced) if whole in chain_of(meter)]
        if family:
            asked.append(Quantity(whole, None, _usual(whole, longest_input)))
            asked += [Quantity(part, whole, _usual(part, longest_input)) for part in family if part != whole]
    within = {quantity.meter for quantity in asked} | {CALLS}
    asked += [Quantity(meter, None, USUAL.get(meter, 0)) for meter in dict.fromkeys(priced) if meter not in within]
    return tuple(asked)


def _usual(meter: str, longest_input: int | None) -> int:
    """Two thirds of a short prompt come from the cache, as of a long one."""
    usual, prompt = USUAL.get(meter, 0), USUAL["input_tokens"]
    if longest_input is None or longest_input >= prompt or meter == "output_tokens":
        return usual
    return usual * longest_input // prompt


def choices_of(price: PriceList) -> tuple[Choice, ...]:
    """The conditions that prices depend on, each with its values in the order of the price list."""
    return tuple(Choice(name, _values(price, name), _is_open(price, name)) for name in price.condition_values)


def estimate(
    price: PriceList, asked: Mapping[str, int], conditions: Conditions, *, multiplier: Decimal, calls_a_day: int
) -> Estimate:
    """Prices what `quantities_of` asked for as a call of it would be. Each call is rounded, as calls are.

    Raises `PartsTooLarge`, and `NotPriced` where the conditions leave a meter without a price.
    """
    quantities = _apart(asked)
    if price.prices(CALLS):
        quantities[CALLS] = 1
    call = charge_nanos(price, quantities, conditions=conditions, multiplier=multiplier).total_nanos
    day = call * calls_a_day
    return Estimate(call, day, day * DAYS, price.size_of(quantities), conditions)


def _apart(asked: Mapping[str, int]) -> dict[str, int]:
    """What people count within a whole, each once: a cached token is no input token too."""
    quantities = dict(asked)
    for whole in _WHOLES:
        if whole in asked:
            quantities[whole] -= sum(count for meter, count in asked.items() if whole in chain_of(meter)[1:])
            if quantities[whole] < 0:
                raise PartsTooLarge(whole)
    return quantities


def _values(price: PriceList, name: str) -> tuple[str | bool, ...]:
    return tuple(dict.fromkeys(item.conditions[name] for item in price.items if name in item.conditions))


def _is_open(price: PriceList, name: str) -> bool:
    """Whether every meter that the condition tells apart has a price without it too."""
    without = {item.meter for item in price.items if name not in item.conditions}
    return all(item.meter in without for item in price.items if name in item.conditions)
