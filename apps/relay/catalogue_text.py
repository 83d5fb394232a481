"""What a catalogue file may be made of, whatever it says: JSON's own values, shallow, and texts that can be stored."""

import math
from collections.abc import Iterator
from datetime import date

from django.utils.translation import gettext as _

from apps.relay.errors import CatalogueInvalid
from apps.wallet.quota_types import LOT_FIELDS, refuse_gone, refuse_gone_in

MAX_DEPTH = 32
SHOWN = 40
_NAMING = LOT_FIELDS | {"code", "id", "name"}


def check_values(catalogue: object) -> None:
    """Raises `CatalogueInvalid` with the path of the first value that no section could take."""
    waiting = [("", 0, catalogue)]
    while waiting:
        path, depth, value = waiting.pop()
        problem = _("This is nested too deeply.") if depth > MAX_DEPTH else _problem_of(value)
        if problem:
            place = path or "/"
            raise CatalogueInvalid(f"{place}: {problem}", path=place)
        waiting.extend((f"{path}/{name}" if path else name, depth + 1, inner) for name, inner in _inside(value))


def refuse_gone_section(section: object) -> None:
    """For a section that there is none of: raises `StandardQuotaGone` if it was to bring the old quota type back."""
    for entry in section if isinstance(section, list) else [section]:
        refuse_gone(entry, field="code")
        refuse_gone_in(entry, names=_NAMING)


def _inside(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        return ((_shown(name), inner) for name, inner in value.items())
    if isinstance(value, list):
        return ((str(index), inner) for index, inner in enumerate(value))
    return iter(())


def _shown(name: str) -> str:
    return name if len(name) <= SHOWN else f"{name[:SHOWN]}…"


def _problem_of(value: object) -> str:
    if isinstance(value, dict):
        return next(filter(None, map(_problem_of_key, value)), "")
    if isinstance(value, str):
        return _problem_of_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return _("Write a number; there is no infinity and no NaN here.")
    if value is None or isinstance(value, bool | int | float | list) or type(value) is date:
        return ""
    return _("Write a text, a number, true, false, null, a list or an object.")


def _problem_of_key(key: object) -> str:
    if not isinstance(key, str):
        return _("Write %(key)r in quotes: the keys of an object are texts.") % {"key": key}
    return _problem_of_text(key)


def _problem_of_text(text: str) -> str:
    if "\0" in text:
        return _("A text cannot hold the character NUL.")
    return "" if text.isascii() or _is_unicode(text) else _("This text holds half of a character (a lone surrogate).")


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
