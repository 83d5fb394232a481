"""Habits that no linter of ours knows: where imports stand, how long things are, what a page may carry."""

import ast
import re
from pathlib import Path

from tests.architecture.sources import ROOT, functions_of, place, python_files, templates, tree_of

OURS = ("apps", "config", "tests")
LONGEST_FUNCTION = 60
LONGEST_MODULE = 400
# The outermost edge of a call logs what nobody expected and answers 500; behind it there is only the server.
LAST_EDGES = {"apps/relay/handler.py"}
# Mail clients read no style sheet: the frame of a mail and its parts carry their own styles, and nothing else does.
MAIL_PARTS = re.compile(r"templates/mail/(base|_\w+)\.html")
INLINE = {
    "a style attribute": re.compile(r"<[a-z][^>]*\sstyle\s*=", re.IGNORECASE),
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(?!\s*</script>)", re.IGNORECASE),
    "an inline style sheet": re.compile(r"<style\b", re.IGNORECASE),
    "an event attribute": re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "a javascript address": re.compile(r"""["']\s*javascript:""", re.IGNORECASE),
}


def test_imports_stand_at_the_top():
    inner = [
        place(path, node)
        for path in python_files(*OURS)
        for function in functions_of(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]

    assert sorted(set(inner)) == []


def test_no_function_is_longer_than_a_screen():
    long = [
        f"{place(path, function)} {function.name}"
        for path in python_files(*OURS)
        for function in functions_of(path)
        if function.end_lineno - function.lineno + 1 > LONGEST_FUNCTION
    ]

    assert long == []


def test_no_module_is_longer_than_ten_screens():
    long = [
        str(path.relative_to(ROOT))
        for path in python_files(*OURS)
        if len(path.read_text().splitlines()) > LONGEST_MODULE
    ]

    assert long == []


def test_nobody_catches_everything():
    greedy = [
        place(path, node)
        for path in python_files("apps", "config")
        if str(path.relative_to(ROOT)) not in LAST_EDGES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler) and (node.type is None or _catches_all(node.type))
    ]

    assert greedy == []


def _catches_all(caught: ast.expr) -> bool:
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(isinstance(name, ast.Name) and name.id == "Exception" for name in names)


def test_pages_carry_no_inline_style_or_script():
    found = [
        f"{path.relative_to(ROOT)}: {what}"
        for path in templates()
        if path.suffix == ".html"
        for what, pattern in INLINE.items()
        if pattern.search(path.read_text()) and not _is_mail_style(path, what)
    ]

    assert found == []


def _is_mail_style(path: Path, what: str) -> bool:
    return "style" in what and MAIL_PARTS.fullmatch(str(path.relative_to(ROOT))) is not None
