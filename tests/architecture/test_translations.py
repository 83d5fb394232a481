"""Whoever reads Chinese reads all of it: every text has a translation that somebody approved."""

import ast
import gettext
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.utils.translation.template import templatize

from config import translations
from tests.architecture.sources import ROOT, python_files, templates, tree_of

CATALOGUE = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"

# How many leading arguments are texts, and whether the first of them is a context.
CALLS = {
    "_": (1, False),
    "gettext": (1, False),
    "gettext_lazy": (1, False),
    "gettext_noop": (1, False),
    "ngettext": (2, False),
    "ngettext_lazy": (2, False),
    "pgettext": (2, True),
    "pgettext_lazy": (2, True),
    "npgettext": (3, True),
    "npgettext_lazy": (3, True),
}
LITERAL = r"""[uU]?(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
CALL_IN_TEMPLATE = re.compile(rf"\b({'|'.join(CALLS)})\(\s*({LITERAL}(?:\s*,\s*{LITERAL})*)")

Text = tuple[str | None, str]
"""Context and message, as a catalogue knows them."""


def texts_in_code(path: Path) -> Iterator[Text]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and (name := getattr(node.func, "id", getattr(node.func, "attr", ""))) in CALLS:
            arguments = [word.value for word in node.args if isinstance(word, ast.Constant)]
            if arguments and isinstance(arguments[0], str):
                yield _text(name, arguments)


def texts_in_template(path: Path) -> Iterator[Text]:
    for name, arguments in CALL_IN_TEMPLATE.findall(templatize(path.read_text(), origin=str(path))):
        yield _text(name, [ast.literal_eval(literal) for literal in re.findall(LITERAL, arguments)])


def _text(name: str, arguments: list[str]) -> Text:
    has_context = CALLS[name][1]
    return (arguments[0], arguments[1]) if has_context else (None, arguments[0])


@pytest.fixture(scope="module")
def catalogue() -> dict[Text, polib.POEntry]:
    return {(entry.msgctxt, entry.msgid): entry for entry in polib.pofile(str(CATALOGUE)) if not entry.obsolete}


def test_every_text_of_the_code_is_translated(catalogue):
    texts = {text for path in python_files("apps", "config") for text in texts_in_code(path)}

    assert sorted(message for context, message in texts if not _is_translated(catalogue.get((context, message)))) == []


def test_gettext_is_called_by_names_that_these_tests_know():
    unknown = [
        f"{path.relative_to(ROOT)}: {name.asname}"
        for path in python_files("apps", "config")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for name in node.names
        if name.name in CALLS and (name.asname or name.name) not in CALLS
    ]

    assert unknown == []


def test_every_text_of_the_pages_is_translated(catalogue):
    texts = {text for path in templates() if path.suffix in {".html", ".txt"} for text in texts_in_template(path)}

    assert sorted(message for context, message in texts if not _is_translated(catalogue.get((context, message)))) == []


def _is_translated(entry: polib.POEntry | None) -> bool:
    return entry is not None and entry.translated() and not entry.fuzzy


def test_translations_keep_their_placeholders(catalogue):
    placeholder = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")
    wrong = [
        message
        for (_, message), entry in catalogue.items()
        for translated in ([entry.msgstr] if not entry.msgid_plural else entry.msgstr_plural.values())
        if set(placeholder.findall(translated)) - set(placeholder.findall(message + (entry.msgid_plural or "")))
    ]

    assert wrong == []


def test_a_catalogue_is_compiled_when_its_text_is_newer(tmp_path):
    folder = tmp_path / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    shutil.copy(CATALOGUE, folder / "django.po")

    assert translations.compile_all(tmp_path) == 1
    assert translations.compile_all(tmp_path) == 0

    with (folder / "django.mo").open("rb") as compiled:
        entry = next(entry for entry in polib.pofile(str(CATALOGUE)) if entry.translated() and not entry.msgid_plural)
        assert gettext.GNUTranslations(compiled).gettext(entry.msgid) == entry.msgstr or entry.msgctxt
