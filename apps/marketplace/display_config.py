"""What a display_config may say of a model: names, abilities, limits, picks. Never a price: that is pricing_config's.

{"title": {"en": "Wan Video", "zh-hans": "万相视频"}, "summary": {"en": "Text to video."}, "icon": "wan", "order": 120,
 "badge": "new", "capabilities": ["text_to_video"], "modalities": {"input": ["text"], "output": ["video"]},
 "context_length": null, "max_output": null, "max_parts": {"image": 9},
 "price_lines": [{"label": {"en": "1080p"}, "template": "{price} / second", "item": 1}],
 "recommended_for": [{"use": "coding", "note": {"en": "best cost-performance"}}],
 "links": {"vendor_privacy": "https://example.com/privacy"}}
"""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from apps.marketplace.json_schemas import Fault, Schema, document_fault

MOST_TOKENS: Final = 100_000_000
# A closed list: a badge that anybody could word would soon claim a discount that no recorded price supports.
BADGES: Final = ("new", "popular", "preview", "updated")
MODALITIES: Final = ("text", "image", "audio", "video", "file", "embedding")
PARTS: Final = ("audio", "file", "image", "video")
# Said by the model's own fields: shown with the config, left out of what is stored.
FACTS_OF_THE_MODEL: Final = frozenset({"vendor", "lifecycle", "successor"})


def _texts(longest: int) -> dict[str, Any]:
    """Texts by language."""
    return {
        "type": "object",
        "propertyNames": {
            "pattern": "^[a-z]{2,3}(-[a-z0-9]{2,8}){0,2}$",
            "x-problem": _("Name the language in small letters, such as en or zh-hans."),
        },
        "additionalProperties": {"type": "string", "minLength": 1, "maxLength": longest},
        "maxProperties": 20,
    }


_CODE: Final[Schema] = {
    "type": "string",
    "pattern": "^[a-z][a-z0-9_]{0,39}$",
    "x-problem": _("Write a code of small letters, digits and underscores, such as long_documents."),
}
_TOKENS: Final[Schema] = {
    "type": ["integer", "null"],
    "minimum": 0,
    "maximum": MOST_TOKENS,
    "x-problem": _("Write a whole number of tokens, at most 100,000,000, or null when unknown."),
}
_MODALITIES: Final[Schema] = {"type": "array", "items": {"enum": list(MODALITIES)}, "uniqueItems": True}

DISPLAY_SCHEMA: Final[Schema] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "title": _texts(80),
        "summary": _texts(300),
        "icon": {
            "type": "string",
            "pattern": "^[a-z0-9][a-z0-9-]{0,39}$",
            "x-problem": _("Write the name of an icon, of small letters, digits and hyphens."),
        },
        "order": {"type": "integer", "minimum": 0, "maximum": 1_000_000},
        "badge": {"enum": [*BADGES, None]},
        "capabilities": {"type": "array", "items": _CODE, "uniqueItems": True, "maxItems": 40},
        "modalities": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"input": _MODALITIES, "output": _MODALITIES},
        },
        "context_length": _TOKENS,
        "max_output": _TOKENS,
        "max_parts": {
            "type": "object",
            "additionalProperties": False,
            "properties": {part: {"type": "integer", "minimum": 0, "maximum": 100_000} for part in PARTS},
        },
        "price_lines": {
            "type": "array",
            "maxItems": 40,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["template", "item"],
                "properties": {
                    "label": _texts(80),
                    "template": {
                        "type": "string",
                        "maxLength": 120,
                        "pattern": r"^[^{}]*\{price\}[^{}]*$",
                        "x-problem": _("Write a text with {price} in it once, such as “{price} / second”."),
                    },
                    "item": {"type": "integer", "minimum": 0, "maximum": 1_000},
                },
            },
        },
        "recommended_for": {
            "type": "array",
            "maxItems": 20,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["use"],
                "properties": {"use": _CODE, "note": _texts(120)},
            },
        },
        "links": {
            "type": "object",
            "maxProperties": 20,
            "propertyNames": _CODE,
            "additionalProperties": {
                "type": "string",
                "maxLength": 500,
                "pattern": r"^https://[^\s\"'<>\\]+$",
                "x-problem": _("Write an address that begins with https://."),
            },
        },
    },
}


def display_fault(config: Mapping[str, Any]) -> Fault | None:
    """The first thing that is wrong with a display_config, facts of the model left aside."""
    return document_fault(DISPLAY_SCHEMA, without_model_facts(config)) or _twice_recommended(config)


def without_model_facts(config: Mapping[str, Any]) -> dict[str, Any]:
    """What a model stores of a config that may have been copied from an answer of ours."""
    return {name: value for name, value in config.items() if name not in FACTS_OF_THE_MODEL}


def with_model_facts(
    config: Mapping[str, Any], *, vendor: str, lifecycle: str, successor: str | None
) -> dict[str, Any]:
    """The config as answers show it."""
    return {**config, "vendor": vendor, "lifecycle": lifecycle, "successor": successor}


def _twice_recommended(config: Mapping[str, Any]) -> Fault | None:
    uses = [pick["use"] for pick in config.get("recommended_for", [])]
    for place, use in enumerate(uses):
        if use in uses[:place]:
            return Fault(f"recommended_for[{place}].use", _("Recommend a model for each use once."))
    return None
