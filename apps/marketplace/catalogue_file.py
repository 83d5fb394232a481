"""Reads the catalogue's own sections of a catalogue file into entries, or says which entry is wrong. Writes nothing.

{"vendors": [{"code": "openai", "name": {"en": "OpenAI"}}],
 "model_types": [{"code": "chat", "name": {"en": "Chat"}, "position": 10, "endpoints": ["/v1/chat/completions"],
                  "facets": ["context_length"]}],
 "pricing_templates": [],
 "models": [{"id": "gpt-4o-mini", "type": "chat", "vendor": "openai", "lifecycle": "ga", "display_config": {},
             "pricing_config": {}, "access_groups": ["default"]}]}
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.marketplace.display_config import display_fault, without_model_facts
from apps.marketplace.errors import CatalogueError, PricingConfigError
from apps.marketplace.pricing_config import validate_config, without_version_facts
from apps.marketplace.template_file import TemplateEntry, read_templates
from apps.marketplace.usual_types import USUAL_TYPES
from apps.wallet.errors import StandardQuotaGone
from apps.wallet.quota_types import LOT_FIELDS, QUOTA_TYPE_FIELDS, gone_field

LIFECYCLES = ("planned", "beta", "ga", "retired")

_MODEL_KEYS = frozenset(
    {
        "id",
        "type",
        "vendor",
        "lifecycle",
        "retired_on",
        "successor",
        "display_config",
        "pricing_config",
        "access_groups",
    }
)
_LONGEST = {"models": 120, "vendors": 40, "model_types": 40}
_LAST_POSITION = 32_767
_PATH = re.compile(r"/[A-Za-z0-9/_.:{}-]{1,199}", re.ASCII)
_FACET = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class VendorEntry:
    code: str
    name: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TypeEntry:
    """`endpoints` and `facets` are None where the file leaves them alone."""

    code: str
    name: Mapping[str, str]
    position: int
    endpoints: tuple[str, ...] | None = None
    facets: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """`pricing_config` is None where the file leaves the price alone."""

    code: str
    type: str
    vendor: str
    lifecycle: str
    retired_on: date | None
    successor: str | None
    display_config: Mapping[str, Any]
    pricing_config: Mapping[str, Any] | None
    access_groups: frozenset[str]


@dataclass(frozen=True, slots=True)
class Section:
    """`listed`: the lists that stand in the file; a list that is left out says nothing, an empty one says none.

    `usual_types` are used without being listed: made where they are missing, and otherwise left as they are.
    """

    listed: frozenset[str]
    vendors: Mapping[str, VendorEntry]
    types: Mapping[str, TypeEntry]
    usual_types: Mapping[str, TypeEntry]
    templates: tuple[TemplateEntry, ...]
    models: Mapping[str, ModelEntry]


def read_section(data: Mapping[str, Any]) -> Section:
    """The vendors, types and models of a catalogue file; other sections are not looked at. Raises `CatalogueError`."""
    models = _by_code(data, "models", _model)
    types = _by_code(data, "model_types", _type)
    templates = read_templates(data)
    used = {model.type for model in models.values()}.union(*(entry.terms.model_types for entry in templates))
    return Section(
        listed=frozenset(data),
        vendors=_by_code(data, "vendors", _vendor),
        types=types,
        usual_types=_usual(used - types.keys()),
        templates=templates,
        models=models,
    )


def _usual(used: set[str]) -> dict[str, TypeEntry]:
    return {
        code: TypeEntry(code, usual.name, 10 * position, usual.endpoints, usual.facets)
        for position, (code, usual) in enumerate(USUAL_TYPES.items(), start=1)
        if code in used
    }


def _by_code(data: Mapping[str, Any], section: str, read: Callable[[Mapping[str, Any], str], T]) -> dict[str, T]:
    found: dict[str, T] = {}
    for place, entry in _entries(data, section):
        code = entry.get("id" if section == "models" else "code")
        if not isinstance(code, str) or not 0 < len(code) <= _LONGEST[section] or not code.isprintable():
            raise CatalogueError(
                place,
                _("Name the entry with one line of text, of at most %(most)d characters.")
                % {"most": _LONGEST[section]},
            )
        if code in found:
            raise CatalogueError(f"{section}/{code}", _("This entry stands in the file twice."))
        found[code] = read(entry, f"{section}/{code}")
    return found


def _entries(data: Mapping[str, Any], section: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    entries = data.get(section, [])
    if not isinstance(entries, list):
        raise CatalogueError(section, _("Write a list of objects."))
    for index, entry in enumerate(entries):
        yield f"{section}[{index}]", _object(entry, f"{section}[{index}]")


def _vendor(entry: Mapping[str, Any], place: str) -> VendorEntry:
    _check_keys(entry, frozenset({"code", "name"}), place)
    return VendorEntry(entry["code"], read_names(entry.get("name", {}), place))


def _type(entry: Mapping[str, Any], place: str) -> TypeEntry:
    _check_keys(entry, frozenset({"code", "name", "position", "endpoints", "facets"}), place)
    _refuse_gone(entry, ("code",), place)
    position = entry.get("position", 0)
    if not _is_count(position, _LAST_POSITION):
        raise CatalogueError(
            f"{place}.position", _("Write a whole number from 0 to %(most)d.") % {"most": _LAST_POSITION}
        )
    return TypeEntry(
        code=entry["code"],
        name=read_names(entry.get("name", {}), place),
        position=position,
        endpoints=read_endpoints(entry["endpoints"], place) if "endpoints" in entry else None,
        facets=read_facets(entry["facets"], place) if "facets" in entry else None,
    )


def read_endpoints(value: object, place: str) -> tuple[str, ...]:
    """The paths that serve a type. Raises `CatalogueError`."""
    return _texts(value, _PATH, f"{place}.endpoints", _("Write a list of paths such as /v1/images/generations."))


def read_facets(value: object, place: str) -> tuple[str, ...]:
    """What models of a type are told apart by. Raises `CatalogueError`."""
    return _texts(value, _FACET, f"{place}.facets", _("Write a list of codes such as context_length."))


def _texts(value: object, pattern: re.Pattern[str], place: str, problem: str | Promise) -> tuple[str, ...]:
    """Different texts that fit the pattern, in the order in which they stand."""
    if not isinstance(value, list) or not all(isinstance(text, str) and pattern.fullmatch(text) for text in value):
        raise CatalogueError(place, problem)
    return tuple(dict.fromkeys(value))


def _model(entry: Mapping[str, Any], place: str) -> ModelEntry:
    _check_keys(entry, _MODEL_KEYS, place)
    return ModelEntry(
        code=entry["id"],
        type=_code(entry, "type", place),
        vendor=_code(entry, "vendor", place),
        lifecycle=_lifecycle(entry.get("lifecycle", "ga"), place),
        retired_on=_date(entry.get("retired_on"), place),
        successor=_code(entry, "successor", place) if entry.get("successor") else None,
        display_config=read_display_config(entry.get("display_config", {}), f"{place}.display_config"),
        pricing_config=_pricing_config(entry.get("pricing_config"), place),
        access_groups=_groups(entry.get("access_groups", ["default"]), place),
    )


def read_display_config(value: object, place: str) -> Mapping[str, Any]:
    """The display_config as a model stores it, once nothing is wrong with it. Raises `CatalogueError`."""
    display = _object(value, place)
    _refuse_gone(display, QUOTA_TYPE_FIELDS, place)
    fault = display_fault(display)
    if fault is not None:
        raise CatalogueError(".".join(filter(None, (place, fault.path))), fault.problem)
    return without_model_facts(display)


def _pricing_config(value: object, place: str) -> Mapping[str, Any] | None:
    if not value:
        return None
    config = without_version_facts(_object(value, f"{place}.pricing_config"))
    try:
        validate_config(config)
    except PricingConfigError as error:
        raise CatalogueError(f"{place}.pricing_config.{error.path}", error.problem) from None
    return config


def _lifecycle(value: object, place: str) -> str:
    if value not in LIFECYCLES:
        raise CatalogueError(f"{place}.lifecycle", _("Write one of: %(choices)s.") % {"choices": ", ".join(LIFECYCLES)})
    return str(value)


def _date(value: object, place: str) -> date | None:
    if value is None or type(value) is date:
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise CatalogueError(f"{place}.retired_on", _("Write a date such as 2026-12-31.")) from None


def _groups(value: object, place: str) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
        raise CatalogueError(f"{place}.access_groups", _("Write a list of access group codes."))
    return frozenset(value)


def _code(entry: Mapping[str, Any], key: str, place: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        raise CatalogueError(f"{place}.{key}", _("Write the code of an existing entry."))
    return value


def read_names(value: object, place: str) -> Mapping[str, str]:
    """Names by language. Raises `CatalogueError`."""
    names = _object(value, place)
    if not all(isinstance(text, str) for text in names.values()):
        raise CatalogueError(place, _('Write names by language, such as {"en": "Chat"}.'))
    return names


def _object(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise CatalogueError(place, _("Write an object in braces."))
    return value


def _check_keys(entry: Mapping[str, Any], known: frozenset[str], place: str) -> None:
    _refuse_gone(entry, LOT_FIELDS, place)
    unknown = sorted(set(entry) - known)
    if unknown:
        raise CatalogueError(
            f"{place}.{unknown[0]}",
            _("There is no such key here. Known are: %(keys)s.") % {"keys": ", ".join(sorted(known))},
        )


def _refuse_gone(entry: Mapping[str, Any], names: Collection[str], place: str) -> None:
    gone = gone_field(entry, names=names)
    if gone is not None:
        raise CatalogueError(f"{place}.{gone}", StandardQuotaGone.text)


def _is_count(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most
