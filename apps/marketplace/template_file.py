"""Reads the `pricing_templates` of a catalogue file, or says which entry is wrong. Writes nothing.

{"pricing_templates": [{"code": "video_per_second", "version": 2, "model_types": ["video"], "label": {"en": "By time"},
                        "meters": [{"meter": "video_seconds", "unit": 1, "conditions": {"resolution": ["720p"]}}],
                        "tiering": "none", "hold": "requested_seconds_x_price", "line_format": {"en": "{price} / s"},
                        "json_schema": {}, "defaults": {}, "deprecated": false}]}
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from apps.marketplace.errors import CatalogueError
from apps.marketplace.template_terms import TemplateTerms, terms_fault, terms_of

SECTION: Final = "pricing_templates"
_CODE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}", re.ASCII)
_MOST_VERSIONS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class TemplateEntry:
    code: str
    version: int
    definition: Mapping[str, Any]
    is_deprecated: bool

    @property
    def terms(self) -> TemplateTerms:
        return terms_of(self.definition)


def read_templates(data: Mapping[str, Any]) -> tuple[TemplateEntry, ...]:
    """The templates of a file, the versions of each in order. Raises `CatalogueError`."""
    entries = data.get(SECTION, [])
    if not isinstance(entries, list):
        raise CatalogueError(SECTION, _("Write a list of objects."))
    found = [_entry(entry, f"{SECTION}[{index}]") for index, entry in enumerate(entries)]
    keys = [(entry.code, entry.version) for entry in found]
    for index, (code, version) in enumerate(keys):
        if (code, version) in keys[:index]:
            raise CatalogueError(f"{SECTION}/{code}/{version}", _("This entry stands in the file twice."))
    return tuple(sorted(found, key=lambda entry: (entry.code, entry.version)))


def _entry(entry: object, place: str) -> TemplateEntry:
    if not isinstance(entry, Mapping):
        raise CatalogueError(place, _("Write an object in braces."))
    code, version = entry.get("code"), entry.get("version", 1)
    if not isinstance(code, str) or _CODE.fullmatch(code) is None:
        raise CatalogueError(f"{place}.code", _("Write a code of small letters, digits, hyphens and underscores."))
    place = f"{SECTION}/{code}"
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= _MOST_VERSIONS:
        raise CatalogueError(f"{place}.version", _("Write the template's version, a whole number from 1."))
    is_deprecated = entry.get("deprecated", False)
    if not isinstance(is_deprecated, bool):
        raise CatalogueError(f"{place}.deprecated", _("Write true or false."))
    definition = {name: value for name, value in entry.items() if name not in ("code", "version", "deprecated")}
    fault = terms_fault(definition)
    if fault is not None:
        raise CatalogueError(".".join(filter(None, (place, fault.path))), fault.problem)
    return TemplateEntry(code, version, definition, is_deprecated)
