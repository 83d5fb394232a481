"""Reads the official prices of a catalogue file, or says which entry is wrong. Writes nothing.

{"official_prices": [{"model": "gpt-4o-mini", "source": "openai.com/api/pricing", "as_of": "2026-11-01",
                      "pricing_config": {"schema": 2, "currency": "USD", "items": []}}]}
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from apps.marketplace.errors import CatalogueError, PricingConfigError
from apps.marketplace.pricing_config import validate_config

SECTION: Final = "official_prices"
_KEYS: Final = frozenset({"model", "source", "as_of", "pricing_config"})
_LONGEST_SOURCE: Final = 200


@dataclass(frozen=True, slots=True)
class OfficialEntry:
    model: str
    source: str
    as_of: date
    pricing_config: Mapping[str, Any]


def read_official_prices(data: Mapping[str, Any]) -> list[OfficialEntry]:
    """The entries in their order. Raises `CatalogueError`."""
    entries = data.get(SECTION, [])
    if not isinstance(entries, list):
        raise CatalogueError(SECTION, _("Write a list of objects."))
    read = list(_read(entries))
    names = [entry.model for entry in read]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise CatalogueError(f"{SECTION}/{twice}", _("This entry stands in the file twice."))
    return read


def _read(entries: list[Any]) -> Iterator[OfficialEntry]:
    for index, entry in enumerate(entries):
        place = f"{SECTION}[{index}]"
        if not isinstance(entry, Mapping):
            raise CatalogueError(place, _("Write an object in braces."))
        unknown = sorted(set(entry) - _KEYS)
        if unknown:
            raise CatalogueError(
                f"{place}.{unknown[0]}",
                _("There is no such key here. Known are: %(keys)s.") % {"keys": ", ".join(sorted(_KEYS))},
            )
        yield OfficialEntry(
            model=_text(entry.get("model"), f"{place}.model", most=120),
            source=_text(entry.get("source"), f"{place}.source", most=_LONGEST_SOURCE),
            as_of=_date(entry.get("as_of"), f"{place}.as_of"),
            pricing_config=_config(entry.get("pricing_config"), f"{place}.pricing_config"),
        )


def _text(value: object, place: str, *, most: int) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= most or not value.isprintable():
        raise CatalogueError(place, _("Write one line of text, of at most %(most)d characters.") % {"most": most})
    return value


def _date(value: object, place: str) -> date:
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise CatalogueError(place, _("Write a date such as 2026-12-31.")) from None


def _config(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise CatalogueError(place, _("Write an object in braces."))
    try:
        validate_config(value)
    except PricingConfigError as error:
        raise CatalogueError(f"{place}.{error.path}", error.problem) from None
    return value
