"""What a price map says of one model, and the prices of a config put together from it. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from apps.marketplace.errors import PriceMapError

MILLION: Final = 1_000_000
Conditions = tuple[tuple[str, str], ...]

# How the maps call the vendors that our catalogue knows under other names. The first one is asked first.
PROVIDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "aliyun": ("dashscope", "alibaba"),
    "cohere": ("cohere", "cohere_chat"),
    "google": ("gemini", "google", "vertex_ai-language-models", "vertex_ai-embedding-models"),
    "jina": ("jina_ai", "jina"),
    "moonshot": ("moonshot", "moonshotai"),
    "zhipu": ("zai", "zhipuai"),
}
# The maps are written by programs that count in binary fractions: behind the twelfth digit stands their noise.
_DIGITS: Final = Context(prec=12, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class WantedModel:
    """A model of ours whose official price is looked for."""

    code: str
    vendor: str

    @property
    def providers(self) -> tuple[str, ...]:
        return PROVIDERS.get(self.vendor, (self.vendor,))


@dataclass(frozen=True, slots=True)
class MapEntry:
    """What the map says of a model: `config` in US dollars, None where no meter of ours stands for any of it.

    `left_out` are known prices that calls here do not have, such as those of batches; `unknown` are keys that this
    release has never heard of, and one of them may be a price.
    """

    model: str
    key: str
    config: Mapping[str, Any] | None
    left_out: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MapReading:
    format: str
    entries: tuple[MapEntry, ...]


@dataclass(slots=True)
class Prices:
    """Prices by meter, conditions and the size from which they hold, with the keys of the map that said them."""

    _tiers: dict[tuple[str, Conditions], dict[int, tuple[int, Decimal]]] = field(default_factory=dict)
    _keys: dict[tuple[str, Conditions], list[str]] = field(default_factory=dict)

    def take(
        self, meter: str, amount: Decimal, *, key: str, unit: int = 1, start: int = 0, conditions: Conditions = ()
    ) -> bool:
        """`amount` is US dollars for `unit`. The first word on a place stands; False for a later one that differs."""
        place = meter, conditions
        self._keys.setdefault(place, []).append(key)
        return self._tiers.setdefault(place, {}).setdefault(start, (unit, amount)) == (unit, amount)

    def orphans(self) -> tuple[str, ...]:
        """The keys of prices for large prompts alone, which say nothing of the others: `config` leaves them out."""
        return tuple(key for place, tiers in self._tiers.items() if 0 not in tiers for key in self._keys[place])

    def config(self) -> dict[str, Any] | None:
        """A pricing_config; None where there is nothing to price."""
        items = [_item(*place, tiers) for place, tiers in self._tiers.items() if 0 in tiers]
        if not items:
            return None
        is_tiered = any(len(item["tiers"]) > 1 for item in items)
        scale = {"tier_mode": "volume", "tier_by": "input_tokens"} if is_tiered else {}
        return {"schema": 2, "currency": "USD", **scale, "items": items}


def amount_of(value: object, place: str) -> Decimal:
    """The price as it stands in the file. Raises `PriceMapError`."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise PriceMapError(place, _("Write a price as a number, such as 2.5e-06."))
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise PriceMapError(place, _("Write a price as a number, such as 2.5e-06.")) from None
    if not amount.is_finite() or amount < 0 or (amount and not -40 < amount.adjusted() < 12):
        raise PriceMapError(place, _("Write a price of at least 0 that somebody could pay."))
    return amount


def per_million(amount: Decimal) -> Decimal:
    return _DIGITS.multiply(amount, Decimal(MILLION))


def plain(amount: Decimal) -> str:
    """`2.5` and not `2.50` or `25E-1`."""
    text = format(_DIGITS.plus(amount), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def objects_of(data: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((key, entry) for key, entry in data.items() if isinstance(entry, Mapping))


def named(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(keys)))


def _item(meter: str, conditions: Conditions, tiers: Mapping[int, tuple[int, Decimal]]) -> dict[str, Any]:
    starts = sorted(tiers)
    bounds = zip(starts, [*starts[1:], None], strict=True)
    written = [{"from": start, "to": end, "price": plain(tiers[start][1])} for start, end in bounds]
    item = {"meter": meter, "unit": tiers[0][0], "tiers": _merged(written)}
    return {**item, "conditions": dict(conditions)} if conditions else item


def _merged(tiers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Neighbours at one price are one tier."""
    kept = tiers[:1]
    for tier in tiers[1:]:
        if tier["price"] == kept[-1]["price"]:
            kept[-1]["to"] = tier["to"]
        else:
            kept.append(tier)
    return kept
