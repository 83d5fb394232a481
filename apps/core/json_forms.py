"""JSON that people type: no deeper than anybody reads, and nothing in it that a database column cannot keep."""

from math import isfinite
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext as _

DEEPEST: Final = 40


class TypedJsonField(forms.JSONField):
    """Django's, which fails on nesting without end, on figures of thousands of digits and on texts of no character."""

    def to_python(self, value: Any) -> Any:
        try:
            found = super().to_python(value)
        except (ValueError, RecursionError):
            raise self._unreadable() from None
        if not can_be_kept(found):
            raise self._unreadable()
        return found

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What was typed is shown again as it was typed, if it cannot be read."""
        try:
            found = super().bound_data(data, initial)
        except (ValueError, RecursionError):
            return InvalidJSONInput(data)
        return found if can_be_kept(found) else InvalidJSONInput(data)

    @staticmethod
    def _unreadable() -> ValidationError:
        return ValidationError(
            _("Write JSON of at most %(most)d levels, with finite numbers and plain text."),
            code="unreadable",
            params={"most": DEEPEST},
        )


def can_be_kept(value: object) -> bool:
    """Whether a JSON column takes the value: neither NUL nor half a character, no NaN, and not too deep."""
    left: list[tuple[object, int]] = [(value, 0)]
    while left:
        part, depth = left.pop()
        if depth > DEEPEST or not _is_plain(part):
            return False
        if isinstance(part, dict):
            left += ((inner, depth + 1) for pair in part.items() for inner in pair)
        elif isinstance(part, list):
            left += ((inner, depth + 1) for inner in part)
    return True


def _is_plain(part: object) -> bool:
    if isinstance(part, str):
        return "\x00" not in part and not any("\ud800" <= letter <= "\udfff" for letter in part)
    return not isinstance(part, float) or isfinite(part)
