"""Price maps shaped like models.dev's: providers, their models, and a `cost` in US dollars for a million tokens.

{"google": {"id": "google", "models": {"gemini-2.5-pro": {"id": "gemini-2.5-pro", "cost":
    {"input": 1.25, "output": 10, "cache_read": 0.125,
     "tiers": [{"tier": {"type": "context", "size": 200000}, "input": 2.5, "output": 15, "cache_read": 0.25}]}}}}}

A tier holds for prompts larger than its size. `context_over_200k` is how such a tier was written before.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from apps.marketplace.errors import PriceMapError
from apps.marketplace.price_maps.entries import MILLION, MapEntry, Prices, WantedModel, amount_of, named, objects_of

_METERS: Final[Mapping[str, str]] = {
    "input": "input_tokens",
    "output": "output_tokens",
    "reasoning": "reasoning_tokens",
    "cache_read": "cached_input_tokens",
    "cache_write": "cache_write_tokens",
    "input_audio": "audio_input_tokens",
    "output_audio": "audio_output_tokens",
}
_TIERS: Final = "tiers"
_OVER: Final = "context_over_200k"
_OVER_SIZE: Final = 200_000


def is_one(data: Mapping[str, Any]) -> bool:
    return any(
        isinstance(provider.get("models"), Mapping)
        and any("cost" in model or "limit" in model for _id, model in objects_of(provider["models"]))
        for _key, provider in objects_of(data)
    )


def read(data: Mapping[str, Any], wanted: Iterable[WantedModel]) -> Iterator[MapEntry]:
    """What the map says of each model that it knows from its vendor."""
    for model in wanted:
        for provider in model.providers:
            entry = _model_of(data, provider, model.code)
            if entry is not None:
                yield _entry_of(model.code, f"{provider}/{model.code}", entry)
                break


def _model_of(data: Mapping[str, Any], provider: str, code: str) -> Mapping[str, Any] | None:
    models = data[provider].get("models") if isinstance(data.get(provider), Mapping) else None
    entry = models.get(code) if isinstance(models, Mapping) else None
    return entry if isinstance(entry, Mapping) and isinstance(entry.get("cost"), Mapping) else None


def _entry_of(model: str, key: str, entry: Mapping[str, Any]) -> MapEntry:
    cost: Mapping[str, Any] = entry["cost"]
    prices = Prices()
    unknown = [*_read_rates(prices, cost, start=0, place=f"{key}.cost")]
    for start, rates, place in _tiers_of(cost, f"{key}.cost"):
        unknown += _read_rates(prices, rates, start=start, place=place)
    return MapEntry(model, key, prices.config(), left_out=named(prices.orphans()), unknown=named(unknown))


def _tiers_of(cost: Mapping[str, Any], place: str) -> Iterator[tuple[int, Mapping[str, Any], str]]:
    tiers = cost.get(_TIERS)
    if tiers is not None:
        if not isinstance(tiers, list):
            raise PriceMapError(f"{place}.{_TIERS}", _("Write a list of tiers."))
        for index, tier in enumerate(tiers):
            here = f"{place}.{_TIERS}[{index}]"
            yield _size_of(tier, here) + 1, {name: rate for name, rate in tier.items() if name != "tier"}, here
    elif isinstance(cost.get(_OVER), Mapping):
        yield _OVER_SIZE + 1, cost[_OVER], f"{place}.{_OVER}"


def _size_of(tier: Any, place: str) -> int:
    bounds = tier.get("tier") if isinstance(tier, Mapping) else None
    size = bounds.get("size") if isinstance(bounds, Mapping) and bounds.get("type") == "context" else None
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        raise PriceMapError(place, _("Write a tier by context with its size in tokens."))
    return size


def _read_rates(prices: Prices, rates: Mapping[str, Any], *, start: int, place: str) -> Iterator[str]:
    """Yields the keys that nobody has heard of."""
    for name, value in rates.items():
        if name in (_TIERS, _OVER) or value is None:
            continue
        meter = _METERS.get(name)
        if meter is None:
            yield name
        else:
            amount = amount_of(value, f"{place}.{name}")
            prices.take(meter, amount, key=name, unit=MILLION, start=start)
