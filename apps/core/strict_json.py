"""JSON without what a reader would guess at: no NaN, and no name twice in an object, where the last would win."""

import json
from typing import Any


def strict_json(text: str) -> Any:
    """The value behind the text; `ValueError` says what is wrong, `RecursionError` that it is nested too deeply."""
    return json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_refuse_constant)


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field stands in an object twice")
    return found


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no number")
