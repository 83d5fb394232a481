"""Reads the public price maps that vendors' prices are collected in: LiteLLM's, and those shaped like models.dev's.

Told apart by their shape. A map knows thousands of models; only what the vendor of one of ours asks for it is read.
What a price stands beside that no meter of ours can count is named, never guessed. Writes nothing.
"""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from apps.marketplace.errors import PriceMapError
from apps.marketplace.price_maps import litellm, models_dev
from apps.marketplace.price_maps.entries import MapReading, WantedModel

LITELLM: Final = "litellm"
MODELS_DEV: Final = "models.dev"

__all__ = ["LITELLM", "MODELS_DEV", "MapReading", "WantedModel", "format_of", "parse_map", "read_map"]


def parse_map(content: bytes) -> Mapping[str, Any]:
    """The file with its figures exact, to the last digit that is written. Raises `PriceMapError`."""
    try:
        data = json.loads(content, parse_float=Decimal)
    # Bytes that are no text are a ValueError, like numbers of thousands of digits; endless exponents are the last one.
    except (ValueError, RecursionError, InvalidOperation):
        raise PriceMapError("/", _("Choose a JSON file, as LiteLLM and models.dev publish it.")) from None
    if format_of(data) is None:
        raise PriceMapError("/", _("Write LiteLLM's price map, or providers with models as models.dev has them."))
    found: Mapping[str, Any] = data
    return found


def format_of(data: object) -> str | None:
    """Which of the formats this is; None for anything else, such as a catalogue file of ours."""
    if not isinstance(data, Mapping):
        return None
    if models_dev.is_one(data):
        return MODELS_DEV
    return LITELLM if litellm.is_one(data) else None


def read_map(data: Mapping[str, Any], wanted: Iterable[WantedModel]) -> MapReading:
    """What the map says of these models. Amounts have to come as `Decimal`, `int` or text.

    Raises `PriceMapError` for a file of neither shape, and for a price that is none.
    """
    kind = format_of(data)
    if kind is None:
        raise PriceMapError("/", _("Write LiteLLM's price map, or providers with models as models.dev has them."))
    reader = litellm.read if kind == LITELLM else models_dev.read
    return MapReading(kind, tuple(reader(data, wanted)))
