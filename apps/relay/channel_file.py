"""Reads the channels of a catalogue file into entries, or says which entry is wrong. Pure; writes nothing.

{"channels": [{"name": "openai-1", "kind": "openai", "base_url": "https://api.openai.com/v1",
               "keys": ["env:OPENAI_API_KEY"], "priority": 0, "weight": 1, "region": "sg", "transport": "raw",
               "bills_after_cancel": false, "enabled": true, "access_groups": ["default"],
               "models": {"gpt-4o-mini": "gpt-4o-mini-2024-07-18"}}]}

A key is its text, `env:NAME`, or null for "what is stored stays". Without `keys` or `enabled` those stay as they are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.relay.errors import CatalogueInvalid

FROM_ENVIRONMENT = "env:"
MAX_SOURCE_LENGTH = 120

Resolve = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A key to be stored. `source` is `env:NAME` when it came from the environment, so that an export can say so."""

    secret: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class ChannelEntry:
    """`terms` are those of `services.change_channel`; `keys` and `enabled` are None where the file is silent."""

    name: str
    terms: Mapping[str, Any]
    keys: tuple[KeyEntry, ...] | None
    keeps_other_keys: bool
    enabled: bool | None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_names(value: object) -> bool:
    return isinstance(value, dict) and all(_is_text(name) and _is_text(to) and to for name, to in value.items())


def _is_whole(value: object) -> bool:
    return type(value) is int


def _is_switch(value: object) -> bool:
    return isinstance(value, bool)


# Field, what it must be, what it is when absent.
_TERMS: Mapping[str, tuple[Callable[[object], bool], Any]] = {
    "kind": (_is_text, None),
    "base_url": (_is_text, ""),
    "priority": (_is_whole, 0),
    "weight": (_is_whole, 1),
    "region": (_is_text, ""),
    "transport": (_is_text, "raw"),
    "bills_after_cancel": (_is_switch, False),
    "access_groups": (_is_texts, ["default"]),
    "models": (_is_names, {}),
}
_FIELDS = frozenset({"name", "keys", "enabled", *_TERMS})


def read_channels(rows: object, *, resolve: Resolve) -> dict[str, ChannelEntry]:
    """The entries by name. `resolve` turns the NAME of `env:NAME` into a key. Raises `CatalogueInvalid`."""
    if not isinstance(rows, list):
        raise CatalogueInvalid(_("channels: write a list."), path="channels")
    entries: dict[str, ChannelEntry] = {}
    for index, row in enumerate(rows):
        entry = _entry(row, f"channels[{index}]", resolve)
        if entry.name in entries:
            raise _wrong(f"channels/{entry.name}", _("stands in the file twice."))
        entries[entry.name] = entry
    return entries


def _entry(row: object, place: str, resolve: Resolve) -> ChannelEntry:
    if not isinstance(row, dict) or not _is_text(row.get("name")) or not row["name"]:
        raise _wrong(place, _("write an object with a name."))
    place = f"channels/{row['name']}"
    unknown = sorted(map(str, set(row) - _FIELDS))
    if unknown:
        raise _wrong(place, _("there is no field %(field)s.") % {"field": unknown[0]})
    if "enabled" in row and not _is_switch(row["enabled"]):
        raise _wrong(f"{place}/enabled", _("write true or false."))
    keys = row.get("keys")
    return ChannelEntry(
        name=row["name"],
        terms={field: _term(row, field, place) for field in _TERMS},
        keys=None if keys is None else _keys(keys, f"{place}/keys", resolve),
        keeps_other_keys=isinstance(keys, list) and None in keys,
        enabled=row.get("enabled"),
    )


def _term(row: Mapping[str, Any], field: str, place: str) -> Any:
    is_right, default = _TERMS[field]
    value = row.get(field, default)
    if not is_right(value):
        raise _wrong(f"{place}/{field}", _("this value is of the wrong type."))
    return value.rstrip("/") if field == "base_url" else value


def _keys(values: object, place: str, resolve: Resolve) -> tuple[KeyEntry, ...]:
    if not isinstance(values, list) or not all(value is None or _is_text(value) for value in values):
        raise _wrong(place, _("write a list of keys, env:NAME or null."))
    return tuple(_key(value, place, resolve) for value in values if value is not None)


def _key(value: str, place: str, resolve: Resolve) -> KeyEntry:
    if not value.startswith(FROM_ENVIRONMENT):
        return KeyEntry(value.strip())
    if len(value) > MAX_SOURCE_LENGTH:
        raise _wrong(place, _("the name of this variable is too long."))
    return KeyEntry(resolve(value.removeprefix(FROM_ENVIRONMENT)).strip(), source=value)


def _wrong(place: str, problem: object) -> CatalogueInvalid:
    return CatalogueInvalid(f"{place}: {problem}", path=place)
