"""What follows an official price: the next one, where a map is silent in part, and ours, where it is pegged. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from apps.marketplace.meters import chain_of
from apps.marketplace.pricing_config import Config

_OURS: Final = ("policy", "template", "hold")
_SCALE: Final = ("tier_mode", "tier_by")


def following_config(official: Mapping[str, Any], ours: Mapping[str, Any]) -> Config:
    """The official prices with our hold, template and policy, and our prices of what the vendor does not price at all.

    Both in one currency.
    """
    families = {_family(item) for item in official["items"]}
    extra = [item for item in ours["items"] if _family(item) not in families]
    scale = official if any(name in official for name in _SCALE) else ours
    return {
        "schema": 2,
        "currency": official.get("currency", "CREDIT"),
        **{name: scale[name] for name in _SCALE if name in scale},
        **{name: ours[name] for name in _OURS if name in ours},
        "items": [*official["items"], *extra],
    }


def with_silent_meters(said: Mapping[str, Any], before: Mapping[str, Any]) -> tuple[Config, tuple[str, ...]]:
    """The prices that are said, those of meters that only the price before names, and which these are.

    Both in one currency. A map that leaves a meter out knows nothing of it, which is not that it costs what the meter
    costs that stands in for it.
    """
    named = {item["meter"] for item in said["items"]}
    silent = [item for item in before["items"] if item["meter"] not in named]
    scale = said if any(name in said for name in _SCALE) else before
    kept = {name: scale[name] for name in _SCALE if name in scale} if silent else {}
    config = {**said, **kept, "items": [*said["items"], *silent]}
    return config, tuple(dict.fromkeys(item["meter"] for item in silent))


def _family(item: Mapping[str, Any]) -> str:
    """Input and what stands in for it, or output and what stands in for it, or a meter by itself."""
    return chain_of(item["meter"])[-1]
