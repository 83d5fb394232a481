"""Documents are checked against JSON schemas, and nothing is fetched for one."""

from typing import Any

import pytest

from apps.marketplace.json_schemas import document_fault, schema_fault


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ({"type": "objekt"}, "type"),
        ({"properties": []}, "properties"),
        ({"properties": {"items": {"$ref": "https://example.com/x.json"}}}, "properties.items.$ref"),
        ({"allOf": [{"$ref": "file:///etc/passwd"}]}, "allOf[0].$ref"),
        ({"$id": "https://example.com/", "$defs": {"a": {}}, "$ref": "#/$defs/a"}, "$id"),
        ({"$dynamicRef": "#anywhere"}, "$dynamicRef"),
        ({"$ref": "#/$defs/missing"}, "$ref"),
        ({"$ref": "a", "$defs": {"a": {}}}, "$ref"),
        ({"$ref": "#/$defs/a", "$defs": {"a": "text"}}, "$ref"),
        ({"$ref": "#"}, "$ref"),
        (5, ""),
    ],
)
def test_a_schema_that_is_none_or_points_elsewhere_is_refused(schema: object, path: str) -> None:
    fault = schema_fault(schema)

    assert fault is not None
    assert fault.path == path


def test_a_schema_may_refer_to_its_own_parts() -> None:
    schema: dict[str, Any] = {"$defs": {"price": {"type": "string"}}, "properties": {"a": {"$ref": "#/$defs/price"}}}

    assert schema_fault(schema) is None
    fault = document_fault(schema, {"a": 5})
    assert fault is not None
    assert (fault.path, str(fault.problem)) == ("a", "Write a text in quotes.")


def nested(depth: int) -> dict[str, Any]:
    return {"properties": {"a": nested(depth - 1)}} if depth else {}


def doubled(times: int) -> dict[str, Any]:
    """Each part asks for the next one twice: a check would take 2 to the power of `times` steps."""
    parts = {f"p{n}": {"allOf": [{"$ref": f"#/$defs/p{n + 1}"}] * 2} for n in range(times)}
    return {"$defs": {**parts, f"p{times}": {}}, "$ref": "#/$defs/p0"}


@pytest.mark.parametrize(
    "schema",
    [
        {"$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"},
        nested(900),
        doubled(16),
    ],
)
def test_a_schema_that_no_check_comes_to_the_end_of_is_refused(schema: dict[str, Any]) -> None:
    fault = schema_fault(schema)

    assert fault is not None
    assert str(fault.problem) == "This schema is too deep or too large: write a simpler one."


def test_a_schema_says_its_own_sentence_where_it_has_one() -> None:
    schema = {"properties": {"tier_mode": {"const": "volume", "x-problem": "Aliyun charges the whole request."}}}

    fault = document_fault(schema, {"tier_mode": "graduated"})

    assert fault is not None
    assert str(fault.problem) == "Aliyun charges the whole request."


@pytest.mark.parametrize(
    ("rule", "document", "problem"),
    [
        ({"const": 2}, 3, "Write 2."),
        ({"type": "boolean"}, 1, "Write true or false."),
        ({"minItems": 2}, [1], "List at least 2."),
        ({"maxLength": 3}, "four", "Write at most 3 characters."),
        ({"maximum": 3}, 4, "Write a number of at most 3."),
        ({"enum": ["a", None]}, "b", "Write one of: a, null."),
        ({"pattern": "^a$"}, "b", "Write a text that fits the pattern ^a$."),
        ({"additionalProperties": False}, {"x": 1}, "There is no such key here: remove x."),
        ({"not": {"type": "string"}}, "b", 'This breaks the rule “not: {"type": "string"}”.'),
    ],
)
def test_every_broken_rule_says_what_to_write(rule: dict[str, Any], document: object, problem: str) -> None:
    fault = document_fault(rule, document)

    assert fault is not None
    assert str(fault.problem) == problem
