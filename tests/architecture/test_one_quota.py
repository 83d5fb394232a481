"""There is one balance: of the old system's second kind only the import and its refusal know the name."""

import ast
import re
from pathlib import Path

import polib

from tests.architecture.sources import ROOT, python_files, templates, tree_of

KNOW_IT = {"apps/console/moving/rows.py", "apps/wallet/quota_types.py", "apps/wallet/errors.py"}
# An upstream's tier of service, which is no quota.
OTHER_MEANINGS = {"apps/relay/extras.py"}
WORD = re.compile(r"\bstandard(_quota)?\b", re.IGNORECASE)
IN_CHINESE = re.compile("标准(额度|配额|余额)")
REFUSAL = "The standard quota type no longer exists. There is one balance, and all credits count in it."


def texts_of(path: Path) -> list[str]:
    """Every text of a module that is no docstring: nothing else can become a type, a field or a message."""
    tree = tree_of(path)
    prose = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in prose)
    return [node.value for node in constants if isinstance(node.value, str)]


def test_code_knows_the_word_in_the_import_and_the_refusal_only():
    found = {
        str(path.relative_to(ROOT))
        for path in python_files("apps", "config")
        if any(WORD.search(text) or IN_CHINESE.search(text) for text in texts_of(path))
    }

    assert found == KNOW_IT | OTHER_MEANINGS


def test_no_table_or_function_of_the_database_knows_the_word():
    sources = [path for path in (ROOT / "apps").rglob("*") if path.suffix == ".sql" or "migrations" in path.parts]
    found = [str(path.relative_to(ROOT)) for path in sources if path.is_file() and path.suffix in {".sql", ".py"}]

    assert [name for name in found if re.search(r"""["'](standard|标准)["']""", (ROOT / name).read_text())] == []


def test_no_page_knows_the_word():
    assert [
        str(path) for path in templates() if WORD.search(path.read_text()) or IN_CHINESE.search(path.read_text())
    ] == []


def test_dictionaries_know_the_refusal_only():
    entries = polib.pofile(str(ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"))
    found = [entry.msgid for entry in entries if WORD.search(entry.msgid) or IN_CHINESE.search(entry.msgstr)]

    assert found == [REFUSAL]


def test_the_shipped_catalogue_does_not_know_it():
    shipped = (ROOT / "apps" / "console" / "demo" / "catalogue.json").read_text()

    assert not WORD.search(shipped)
