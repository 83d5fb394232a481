"""`.env.example` names every variable that is read, in one line each, and nothing else."""

import ast
import re

from tests.architecture.sources import ROOT, python_files, tree_of

READERS = {"text", "required_text", "flag", "integer", "choice", "words", "address"}
# Read by ./sluice before Python runs, or by a library.
READ_ELSEWHERE = {"PYTHON", "PROMETHEUS_MULTIPROC_DIR"}


def read_variables() -> set[str]:
    calls = (node for path in python_files("config") for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call))
    return {call.args[0].value for call in calls if _is_reader(call.func) and isinstance(call.args[0], ast.Constant)}


def _is_reader(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and function.attr in READERS and ast.unparse(function.value) == "env"


def documented_variables() -> list[str]:
    return re.findall(r"^# ([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)


def test_every_variable_that_is_read_is_documented_once():
    documented = documented_variables()

    assert sorted(documented) == sorted(set(documented))
    assert set(documented) == read_variables() | READ_ELSEWHERE


def test_nothing_but_config_reads_the_environment():
    readers = [
        str(path.relative_to(ROOT))
        for path in python_files("apps")
        if re.search(r"os\.environ|os\.getenv", path.read_text())
    ]

    assert sorted(readers) == [
        "apps/core/metrics.py",  # asks what prometheus-client was told
        "apps/relay/management/commands/import_catalogue.py",  # the one reader of env:NAME
    ]
