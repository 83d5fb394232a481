"""Which models a list shows, in which order, and how many each choice would leave. Pure: works on remembered values.

Within a facet that a model has one value of (type, vendor, lifecycle) choices are alternatives; of capabilities and
modalities a model has to have all that are asked for.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from typing import Any, Final

import msgspec

from apps.core.languages import text_in
from apps.core.pagination import DEFAULT_SIZE, Cursor, CursorInvalid, Page
from apps.marketplace.leading_prices import UnitPrice
from apps.marketplace.pricing_config import with_version_facts
from apps.marketplace.types import Direction, Reach

RECOMMENDED: Final = "recommended"
CALLABLE: Final = frozenset({"beta", "ga"})

_LAST: Final = 2**31
"""Behind every position that anybody gave a model."""


@dataclass(frozen=True, slots=True)
class ListedVersion:
    """The price version in force. Its config is kept as text: of hundreds of models few are ever shown whole, and
    thousands of small dictionaries would be walked by every round of the garbage collector.
    """

    number: int
    starts_at: datetime
    ends_at: datetime | None
    config_json: bytes

    @property
    def pricing_config(self) -> Mapping[str, Any]:
        config = msgspec.json.decode(self.config_json)
        return with_version_facts(config, number=self.number, starts_at=self.starts_at, ends_at=self.ends_at)


@dataclass(frozen=True, slots=True)
class ComingPrice:
    """An announced version that is not in force yet."""

    starts_at: datetime
    direction: Direction | None


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model as lists show it. `prices` are what whoever asked pays: `multiplier`, that of `group`, is in them."""

    id: int
    code: str
    type: str
    type_name: Mapping[str, str]
    type_position: int
    vendor: str
    vendor_name: Mapping[str, str]
    lifecycle: str
    created_at: datetime
    retired_on: date | None
    successor: str | None
    display_config: Mapping[str, Any]
    version: ListedVersion | None
    prices: tuple[UnitPrice, ...]
    coming: ComingPrice | None
    groups: frozenset[str]
    capabilities: frozenset[str]
    modalities: frozenset[str]
    search_text: str
    group: str = ""
    multiplier: Decimal = Decimal(1)

    def title(self, language: str) -> str:
        """The model's name in this language, else in English, else its id."""
        return text_in(self.display_config.get("title") or {}, language) or self.code

    @property
    def pricing_config(self) -> Mapping[str, Any] | None:
        """As published, before any group's multiplier, with the facts of its version."""
        return None if self.version is None else self.version.pricing_config

    @property
    def order(self) -> int:
        order = self.display_config.get("order")
        return order if isinstance(order, int) else _LAST

    @property
    def context_length(self) -> int | None:
        return self.display_config.get("context_length")

    @property
    def input_price(self) -> Decimal | None:
        """Credits for a million input tokens; None for what is not charged by them."""
        first = self.prices[0] if self.prices else None
        return first.for_a_million if first is not None and first.meter == "input_tokens" else None


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked for; an empty one asks for nothing. `max_price` is credits for a million input tokens."""

    types: frozenset[str] = frozenset()
    vendors: frozenset[str] = frozenset()
    lifecycles: frozenset[str] = frozenset()
    capabilities: frozenset[str] = frozenset()
    modalities: frozenset[str] = frozenset()
    group: str = ""
    search: str = ""
    max_price: Decimal | None = None
    min_context: int = 0


@dataclass(frozen=True, slots=True)
class Facets:
    """For each value, how many models it would leave beside everything else that is asked for."""

    types: Mapping[str, int] = field(default_factory=dict)
    vendors: Mapping[str, int] = field(default_factory=dict)
    lifecycles: Mapping[str, int] = field(default_factory=dict)
    capabilities: Mapping[str, int] = field(default_factory=dict)
    modalities: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListedPage(Page[ListedModel]):
    """`count` match on all pages; `before` of them stand on the pages before this one."""

    count: int = 0
    before: int = 0


def seen_by(models: Iterable[ListedModel], reach: Reach) -> tuple[ListedModel, ...]:
    """The models in reach, at the multiplier of the group that prices a call of each.

    A successor out of reach is not named.
    """
    seen = {model.code: model for model in filter(None, (_as_seen(model, reach) for model in models))}
    hidden = (model for model in seen.values() if model.successor and model.successor not in seen)
    seen |= {model.code: replace(model, successor=None) for model in hidden}
    return tuple(seen.values())


def matching(models: Iterable[ListedModel], filters: Filters) -> list[ListedModel]:
    checks = [fits for _name, fits in _checks(filters)]
    return [model for model in models if all(fits(model) for fits in checks)]


def facets_of(models: Iterable[ListedModel], filters: Filters) -> Facets:
    """A model counts where nothing but the facet's own choice leaves it out."""
    counts: dict[str, list[ListedModel]] = {name: [] for name in ("", "type", "vendor", "lifecycle")}
    checks = _checks(filters)
    for model in models:
        missing = _missing(model, checks)
        if missing in counts:
            counts[missing].append(model)
    left = counts[""]
    return Facets(
        types=Counter(model.type for model in (*left, *counts["type"])),
        vendors=Counter(model.vendor for model in (*left, *counts["vendor"])),
        lifecycles=Counter(model.lifecycle for model in (*left, *counts["lifecycle"])),
        capabilities=Counter(chain.from_iterable(model.capabilities for model in left)),
        modalities=Counter(chain.from_iterable(model.modalities for model in left)),
    )


def page_of(
    models: Sequence[ListedModel],
    filters: Filters,
    *,
    sort: str = RECOMMENDED,
    cursor: Cursor | None = None,
    size: int = DEFAULT_SIZE,
) -> ListedPage:
    """One page. A cursor names a model of the list, whether it still matches or not; raises `CursorInvalid`."""
    ordered = in_order(models, sort, search=filters.search)
    found = matching(ordered, filters)
    start, end = (0, size) if cursor is None else _span(ordered, found, cursor, size=size)
    page = found[start:end]
    return ListedPage(
        results=page,
        next=Cursor(str(page[-1].id)) if page and end < len(found) else None,
        previous=Cursor(str(page[0].id), newer=True) if page and start > 0 else None,
        count=len(found),
        before=start,
    )


def in_order(models: Iterable[ListedModel], sort: str, *, search: str = "") -> list[ListedModel]:
    """Sorted by one of `SORTS`. What was searched for by its very name comes first among the recommended."""
    if sort == RECOMMENDED and search.strip():
        name = search.strip().casefold()
        return sorted(models, key=lambda model: (_distance(model, name), _recommended(model)))
    return sorted(models, key=_SORT_KEYS[sort])


def recommended_by_use(models: Iterable[ListedModel]) -> dict[str, list[tuple[ListedModel, Mapping[str, str]]]]:
    """Use → the models recommended for it, each with the note on it. Retired models drop out."""
    picks: dict[str, list[tuple[ListedModel, Mapping[str, str]]]] = {}
    for model in sorted(models, key=_recommended):
        for entry in model.display_config.get("recommended_for") or () if model.lifecycle != "retired" else ():
            picks.setdefault(entry["use"], []).append((model, entry.get("note") or {}))
    return picks


def _as_seen(model: ListedModel, reach: Reach) -> ListedModel | None:
    terms = reach.group_of(model.id, model.groups)
    if terms is None:
        return None
    group, multiplier = terms
    if multiplier == 1:
        return model if model.group == group else replace(model, group=group)
    prices = tuple(price.times(multiplier) for price in model.prices)
    return replace(model, group=group, multiplier=multiplier, prices=prices)


Check = Callable[[ListedModel], bool]


def _checks(filters: Filters) -> tuple[tuple[str, Check], ...]:
    """What is asked for, by name of the filter; a filter that asks for nothing has no check."""
    words, most = filters.search.casefold().split(), filters.max_price
    asked: Mapping[str, tuple[object, Check]] = {
        "type": (filters.types, lambda model: model.type in filters.types),
        "vendor": (filters.vendors, lambda model: model.vendor in filters.vendors),
        "lifecycle": (filters.lifecycles, lambda model: model.lifecycle in filters.lifecycles),
        "capability": (filters.capabilities, lambda model: filters.capabilities <= model.capabilities),
        "modality": (filters.modalities, lambda model: filters.modalities <= model.modalities),
        "group": (filters.group, lambda model: model.group == filters.group),
        "search": (words, lambda model: all(word in model.search_text for word in words)),
        "context": (filters.min_context, lambda model: (model.context_length or 0) >= filters.min_context),
        "price": (most is not None, lambda model: most is not None and _costs_at_most(model, most)),
    }
    return tuple((name, check) for name, (wanted, check) in asked.items() if wanted)


def _missing(model: ListedModel, checks: tuple[tuple[str, Check], ...]) -> str:
    """The one filter that leaves the model out; empty for none, `+` for several."""
    missing = ""
    for name, fits in checks:
        if not fits(model):
            if missing:
                return "+"
            missing = name
    return missing


def _costs_at_most(model: ListedModel, credits_: Decimal) -> bool:
    price = model.input_price
    return price is not None and price <= credits_


def _span(
    ordered: Sequence[ListedModel], found: Sequence[ListedModel], cursor: Cursor, *, size: int
) -> tuple[int, int]:
    """From where to where in `found`: what follows the cursor's model in the order, or what stands before it."""
    places = {model.id: place for place, model in enumerate(ordered)}
    place = next((places[model.id] for model in ordered if str(model.id) == cursor.key), None)
    if place is None:
        raise CursorInvalid
    if cursor.newer:
        end = sum(places[model.id] < place for model in found)
        return max(end - size, 0), end
    start = sum(places[model.id] <= place for model in found)
    return start, start + size


def _distance(model: ListedModel, name: str) -> int:
    """0 for the model of this very name, 1 where a name begins so, 2 for all others."""
    names = model.search_text.split("\n")
    return 0 if name in names else 1 if any(text.startswith(name) for text in names) else 2


def _recommended(model: ListedModel) -> tuple[int, int, str]:
    return (model.order, model.type_position, model.code)


def _cheapest(model: ListedModel) -> tuple[bool, Decimal, tuple[int, int, str]]:
    price = model.input_price
    return (price is None, price or Decimal(0), _recommended(model))


_SORT_KEYS: Final[Mapping[str, Callable[[ListedModel], Any]]] = {
    RECOMMENDED: _recommended,
    "price": _cheapest,
    "newest": lambda model: (-model.created_at.timestamp(), -model.id),
    "context": lambda model: (-(model.context_length or 0), _recommended(model)),
    "name": lambda model: (model.title("en").casefold(), model.id),
}
SORTS: Final = tuple(_SORT_KEYS)
