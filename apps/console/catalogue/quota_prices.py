"""Prices as front ends written for New API read them: multipliers and not money. Derived, and billed by nobody."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from apps.core.languages import text_in
from apps.marketplace.listing import CALLABLE, ListedModel
from apps.marketplace.multipliers import Multipliers, multipliers_of
from apps.marketplace.rating import parse_config
from apps.marketplace.types import Reach

# The keys under which the parts of a price stand there.
_RATIOS: Final[Mapping[str, str]] = {
    "cache": "cache_ratio",
    "create_cache": "create_cache_ratio",
    "image": "image_ratio",
    "audio": "audio_ratio",
    "audio_completion": "audio_completion_ratio",
}


def quota_prices(
    models: Iterable[ListedModel], reach: Reach, credits_per_usd: Decimal, *, language: str
) -> dict[str, Any]:
    """The body of the answer but for its version. Models that no multiplier can say are left out: a price that is told
    wrong is worse than one that is not told.
    """
    told = [(model, found) for model, found in _derived(models, credits_per_usd) if found is not None]
    vendors = {code: number for number, code in enumerate(sorted({model.vendor for model, _found in told}), start=1)}
    names = {model.vendor: text_in(model.vendor_name, language) or model.vendor for model, _found in told}
    return {
        "success": True,
        "data": [_row(model, found, reach, vendors[model.vendor]) for model, found in told],
        "vendors": [{"id": number, "name": names[code]} for code, number in vendors.items()],
        "group_ratio": dict(reach.groups),
        "usable_group": {code: code for code in reach.codes},
        "supported_endpoint": {},
        "auto_groups": [],
    }


def _derived(
    models: Iterable[ListedModel], credits_per_usd: Decimal
) -> Iterator[tuple[ListedModel, Multipliers | None]]:
    for model in models:
        if model.lifecycle in CALLABLE and model.pricing_config is not None:
            yield model, _multipliers(_Version(model), credits_per_usd)


class _Version:
    """A price version, the same wherever it is read: it is never edited."""

    __slots__ = ("_key", "config")

    def __init__(self, model: ListedModel) -> None:
        self.config = model.pricing_config or {}
        self._key = (model.id, self.config.get("version"), self.config.get("effective_at"))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Version) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


@lru_cache(maxsize=4096)
def _multipliers(version: _Version, credits_per_usd: Decimal) -> Multipliers | None:
    """Remembered: 500 models take 1 ms instead of 110."""
    return multipliers_of(parse_config(version.config), credits_per_usd)


def _row(model: ListedModel, found: Multipliers, reach: Reach, vendor_id: int) -> dict[str, Any]:
    """`enable_groups` are those of the caller, and no others: which groups there are is nobody else's business."""
    groups = [code for code in reach.codes if code in model.groups]
    return {
        "model_name": model.code,
        "vendor_id": vendor_id,
        "owner_by": model.vendor,
        "quota_type": found.quota_type,
        "model_ratio": found.model,
        "model_price": found.price_usd,
        "completion_ratio": found.completion,
        **{key: found.parts[name] for name, key in _RATIOS.items() if name in found.parts},
        "enable_groups": groups or [model.group],
        "supported_endpoint_types": [],
        "is_exact": found.is_exact,
    }
