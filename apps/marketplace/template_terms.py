"""What a pricing template says, and whether a pricing_config keeps to it. Pure; no database.

A template prices some meters, each for a fixed unit and under conditions of listed values, with or without tiers; its
JSON schema may ask for more. `defaults` is the config that a new price begins with.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _

from apps.marketplace.errors import PricingConfigError
from apps.marketplace.json_schemas import Fault, Schema, document_fault, schema_fault, shown
from apps.marketplace.meters import METERS
from apps.marketplace.pricing_config import validate_config, without_version_facts

NO_TIERS: Final = "none"
TIERINGS: Final = (NO_TIERS, "volume", "graduated")
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")

_NAMES: Final[Schema] = {
    "type": "object",
    "propertyNames": {"pattern": "^[a-z]{2,3}(-[a-z0-9]{2,8}){0,2}$"},
    "additionalProperties": {"type": "string", "minLength": 1, "maxLength": 120},
    "required": ["en"],
}
_METER: Final[Schema] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["meter", "unit"],
    "properties": {
        "meter": {"enum": sorted(METERS)},
        "unit": {"type": "integer", "minimum": 1, "maximum": 10**12},
        "conditions": {
            "type": "object",
            "propertyNames": {"pattern": "^[a-z][a-z0-9_]{0,39}$"},
            "additionalProperties": {"type": "array", "items": {"type": ["string", "boolean"]}, "uniqueItems": True},
        },
        "required": {"type": "boolean"},
    },
}
TERMS_SCHEMA: Final[Schema] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["model_types", "label", "meters"],
    "properties": {
        "model_types": {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True},
        "label": _NAMES,
        "meters": {"type": "array", "items": _METER, "minItems": 1},
        "tiering": {"enum": list(TIERINGS)},
        "hold": {"type": "string", "maxLength": 60},
        "line_format": _NAMES,
        "json_schema": {"type": "object"},
        "defaults": {"type": "object"},
    },
}


@dataclass(frozen=True, slots=True)
class TemplateTerms:
    """Everything a version of a template says. Equal terms are the same version, in whatever order types are named."""

    model_types: frozenset[str]
    label: Mapping[str, str]
    meters: Sequence[Mapping[str, Any]]
    tiering: str = NO_TIERS
    hold: str = ""
    line_format: Mapping[str, str] = field(default_factory=dict)
    json_schema: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)


def terms_fault(entry: object) -> Fault | None:
    """The first thing that is wrong with a template as it was written; None when `terms_of` can read it."""
    fault = document_fault(TERMS_SCHEMA, entry)
    if fault is not None or not isinstance(entry, Mapping):
        return fault or Fault("", _("Write an object in braces."))
    return _schema_fault(entry) or _twice_priced(entry) or _line_fault(entry) or _defaults_fault(terms_of(entry))


def terms_of(entry: Mapping[str, Any]) -> TemplateTerms:
    return TemplateTerms(**{**entry, "model_types": frozenset(entry["model_types"])})


def definition_of(terms: TemplateTerms) -> dict[str, Any]:
    """The terms as one writes them: `terms_of` reads them back."""
    return {**asdict(terms), "model_types": sorted(terms.model_types)}


def config_fault(terms: TemplateTerms, config: Mapping[str, Any]) -> Fault | None:
    """Where a valid pricing_config departs from its template; None when it keeps to it."""
    return (
        document_fault(terms.json_schema, without_version_facts(config))
        or _missing_meter(terms, config)
        or next(filter(None, (_item_fault(terms, config, place) for place in range(len(config["items"])))), None)
        or _tiering_fault(terms, config)
    )


def _schema_fault(entry: Mapping[str, Any]) -> Fault | None:
    fault = schema_fault(entry.get("json_schema", {}))
    return fault and Fault(".".join(filter(None, ("json_schema", fault.path))), fault.problem)


def _twice_priced(entry: Mapping[str, Any]) -> Fault | None:
    names = [meter["meter"] for meter in entry["meters"]]
    for place, name in enumerate(names):
        if name in names[:place]:
            return Fault(f"meters[{place}].meter", _("List each meter once, with all its conditions."))
    return None


def _line_fault(entry: Mapping[str, Any]) -> Fault | None:
    known = {"price"}.union(*(meter.get("conditions", {}) for meter in entry["meters"]))
    for language, line in entry.get("line_format", {}).items():
        named = set(_PLACEHOLDER.findall(line))
        if "price" not in named or not named <= known or set(_PLACEHOLDER.sub("", line)) & {"{", "}"}:
            problem = _("Write {price} in it, and in braces nothing but: %(names)s.")
            return Fault(f"line_format.{language}", problem % {"names": ", ".join(sorted(known))})
    return None


def _defaults_fault(terms: TemplateTerms) -> Fault | None:
    if not terms.defaults:
        return None
    try:
        validate_config(terms.defaults)
    except PricingConfigError as error:
        return Fault(f"defaults.{error.path}", error.problem)
    fault = config_fault(terms, terms.defaults)
    return fault and Fault(".".join(filter(None, ("defaults", fault.path))), fault.problem)


def _missing_meter(terms: TemplateTerms, config: Mapping[str, Any]) -> Fault | None:
    priced = {item["meter"] for item in config["items"]}
    missing = [meter["meter"] for meter in terms.meters if meter.get("required") and meter["meter"] not in priced]
    if not missing:
        return None
    return Fault("items", _("The template wants a price of %(meters)s: add it.") % {"meters": ", ".join(missing)})


def _item_fault(terms: TemplateTerms, config: Mapping[str, Any], place: int) -> Fault | None:
    item, path = config["items"][place], f"items[{place}]"
    known = {meter["meter"]: meter for meter in terms.meters}
    meter = known.get(item["meter"])
    if meter is None:
        problem = _("The template has no such meter. It prices: %(meters)s.") % {"meters": ", ".join(known)}
        return Fault(f"{path}.meter", problem)
    if item["unit"] != meter["unit"]:
        return Fault(f"{path}.unit", _("The template prices this meter for %(unit)d.") % {"unit": meter["unit"]})
    return _condition_fault(meter.get("conditions", {}), item.get("conditions", {}), f"{path}.conditions")


def _condition_fault(known: Mapping[str, Any], used: Mapping[str, Any], path: str) -> Fault | None:
    for name, value in used.items():
        if name not in known:
            names = ", ".join(known) or "–"
            problem = _("The template has no such condition of this meter. It has: %(names)s.") % {"names": names}
            return Fault(f"{path}.{name}", problem)
        if known[name] and value not in known[name]:
            choices = ", ".join(map(shown, known[name]))
            return Fault(f"{path}.{name}", _("Write one of: %(choices)s.") % {"choices": choices})
    return None


def _tiering_fault(terms: TemplateTerms, config: Mapping[str, Any]) -> Fault | None:
    if terms.tiering != NO_TIERS:
        if config.get("tier_mode", "volume") != terms.tiering:
            return Fault("tier_mode", _("The template has %(mode)s tiers.") % {"mode": terms.tiering})
        return None
    for place, item in enumerate(config["items"]):
        if len(item["tiers"]) > 1:
            return Fault(f"items[{place}].tiers", _("The template has no tiers: write one price, from 0 to null."))
    return None
