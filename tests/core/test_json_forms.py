"""JSON that people type is refused with a sentence, whatever it holds, and shown again as it was typed."""

import pytest
from django import forms

from apps.core.json_forms import TypedJsonField


class Typed(forms.Form):
    json = TypedJsonField()


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a": ' * 41 + "1" + "}" * 41,
        "9" * 5_000,
        "NaN",
        '{"a": 1e999}',
        '"\\ud800"',
        '{"a\\u0000": 1}',
        '["a\\u0000"]',
    ],
)
def test_what_no_column_keeps_is_refused_and_shown_again(text: str) -> None:
    form = Typed({"json": text})

    assert form.errors["json"] == ["Write JSON of at most 40 levels, with finite numbers and plain text."]
    assert form.as_p().encode()


@pytest.mark.parametrize("text", ['{"title": {"en": "Ünïcode 中文 🙂"}}', "[1, 2.5, null, true]"])
def test_anything_else_is_taken_as_it_is(text: str) -> None:
    assert Typed({"json": text}).is_valid()
