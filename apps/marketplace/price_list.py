"""A parsed price list: which item prices which meter under which conditions. Made by `pricing_config.parse_config`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from apps.core.money import Nanos
from apps.marketplace.meters import FAMILIES, METERS, chain_of

Conditions = Mapping[str, str | bool]


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One meter's price. Tier i holds for sizes in `[starts[i], starts[i + 1])`; the last one is open."""

    meter: str
    unit: int
    conditions: Conditions
    starts: tuple[int, ...]
    prices: tuple[str, ...]
    rates: tuple[int, ...]
    dearest: tuple[int, ...]
    """The highest rate of this tier and all below it."""


@dataclass(frozen=True, slots=True)
class HoldTerms:
    """What the quote has to know about the model. `part_tokens`: the most an image, audio or file part can cost."""

    max_nanos: Nanos | None = None
    hidden_output: bool = False
    pass_unknown_priced: bool = False
    part_tokens: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class PriceList:
    """A pricing_config, ready to price calls. Rates are nanocredits times `denominator` for one of the meter."""

    items: tuple[Item, ...]
    denominator: int
    graduated: bool
    tiered_by: frozenset[str]
    condition_values: Mapping[str, frozenset[str | bool]]
    hold: HoldTerms
    _resolved: dict[tuple[str | bool | None, ...], Mapping[str, Item | None]] = field(default_factory=dict, repr=False)

    def prices(self, meter: str) -> bool:
        """Whether a quantity of this meter can cost anything of its own or through the meter it stands for."""
        return any(meter in FAMILIES.get(item.meter, ()) or meter == item.meter for item in self.items)

    def items_under(self, conditions: Conditions) -> Mapping[str, Item | None]:
        """The item of every priced meter; None where the conditions leave none. Remembered: values are few."""
        key = tuple(
            value if (value := conditions.get(name)) in known else None for name, known in self.condition_values.items()
        )
        found = self._resolved.get(key)
        if found is None:
            found = self._resolved[key] = dict(_resolve(self.items, conditions))
        return found

    def unit_nanos(self, item: Item, tier: int) -> Fraction:
        """What `item.unit` of the meter cost at this tier, exactly: the price as a page shows it."""
        return Fraction(item.rates[tier] * item.unit, self.denominator)

    def size_of(self, quantities: Mapping[str, int]) -> int:
        """What chooses the tier of the whole call: with `input_tokens` all of the prompt, cached parts included."""
        tiered_by = self.tiered_by
        return sum(quantity for meter, quantity in quantities.items() if meter in tiered_by)


def _resolve(items: tuple[Item, ...], conditions: Conditions) -> Iterator[tuple[str, Item | None]]:
    """For each meter the fitting item with the most conditions, else that of the meter it stands for."""
    named = {item.meter for item in items}
    fitting: dict[str, Item] = {}
    for item in sorted(items, key=lambda item: len(item.conditions)):
        if item.conditions.items() <= conditions.items():
            fitting[item.meter] = item
    for meter in METERS:
        chain = chain_of(meter)
        if named.intersection(chain):
            yield meter, next((fitting[link] for link in chain if link in fitting), None)
