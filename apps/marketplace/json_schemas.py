"""Checks documents against JSON schemas and says what to write instead. Nothing is ever fetched for a schema."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError, best_match
from referencing import Registry

Schema = Mapping[str, Any]
Text = str | Promise

# Never resolves an address: a schema that was typed in must not make us ask other hosts.
_NOTHING_ELSEWHERE: Final[Registry[Any]] = Registry()
_LONGEST_SHOWN: Final = 60
_OWN_PARTS: Final = "#/$defs/"
_REFERENCES: Final = frozenset({"$ref", "$dynamicRef", "$id"})
_DEEPEST: Final = 40
_MOST_PARTS: Final = 5_000

_TYPES: Final[Mapping[str, Text]] = {
    "array": _("Write a list in brackets."),
    "boolean": _("Write true or false."),
    "integer": _("Write a whole number."),
    "null": _("Write null."),
    "number": _("Write a number."),
    "object": _("Write an object in braces."),
    "string": _("Write a text in quotes."),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a document does not fit, such as `items[0].meter` (empty for the whole), and what to write there."""

    path: str
    problem: Text


def schema_fault(schema: object) -> Fault | None:
    """What is wrong with a schema itself: it is no JSON schema, or no document could be checked against it, because it
    refers to what it does not hold, to itself, or to more than anybody waits for.
    """
    fault = _reach_fault(schema)
    if fault is not None:
        return fault
    try:
        Draft202012Validator.check_schema(schema)  # type: ignore[arg-type]
    except SchemaError as error:
        return _fault(error)
    return None


def document_fault(schema: Schema, document: object) -> Fault | None:
    """The most telling thing that is wrong with the document; None when it fits.

    `x-problem` beside a rule in the schema is said instead of our own sentence.
    """
    validator = Draft202012Validator(schema, registry=_NOTHING_ELSEWHERE)
    error = best_match(validator.iter_errors(document))
    return None if error is None else _fault(error)


def _fault(error: ValidationError | SchemaError) -> Fault:
    path = _path_of(error.absolute_path)
    own = error.schema.get("x-problem") if isinstance(error.schema, Mapping) else None
    if isinstance(own, str | Promise):
        return Fault(path, own)
    say = _SENTENCES.get(str(error.validator))
    if say is None:
        rule = {"rule": error.validator, "value": shown(error.validator_value)}
        return Fault(path, _("This breaks the rule “%(rule)s: %(value)s”.") % rule)
    return Fault(path, say(error))


def _path_of(parts: Iterable[str | int]) -> str:
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _reach_fault(schema: object) -> Fault | None:
    """Walks as a check of a document may: a reference leads into what it names, and one to itself has no end."""
    definitions = schema.get("$defs") if isinstance(schema, Mapping) else None
    named = definitions if isinstance(definitions, Mapping) else {}
    left: list[tuple[object, str, int]] = [(schema, "", 0)]
    walked = 0
    while left:
        (part, path, depth), walked = left.pop(), walked + 1
        if depth > _DEEPEST or walked > _MOST_PARTS:
            return Fault(path, _("This schema is too deep or too large: write a simpler one."))
        for name, here, value in _inside(part, path):
            is_reference = name in _REFERENCES and isinstance(value, str)
            inner = _named_part(name, value, named) if is_reference else value
            if is_reference and inner is None:
                return Fault(here, _("Refer only to parts of this schema, such as #/$defs/price."))
            left.append((inner, here, depth + 1))
    return None


def _named_part(keyword: str, reference: object, named: Mapping[str, object]) -> object | None:
    """The definition that a reference leads to; None where it leads anywhere else."""
    if keyword != "$ref" or not isinstance(reference, str) or not reference.startswith(_OWN_PARTS):
        return None
    part = named.get(reference.removeprefix(_OWN_PARTS))
    return part if isinstance(part, Mapping) else None


def _inside(part: object, path: str) -> Iterator[tuple[str, str, object]]:
    """The name, the path and the value of whatever stands in an object or a list."""
    if isinstance(part, Mapping):
        for name, value in part.items():
            yield name, f"{path}.{name}" if path else str(name), value
    elif isinstance(part, list):
        for index, value in enumerate(part):
            yield "", f"{path}[{index}]", value


def _type(error: Any) -> Text:
    wanted = error.validator_value
    names = [wanted] if isinstance(wanted, str) else [name for name in wanted if name != "null"]
    return _TYPES.get(names[0], _TYPES["string"]) if names else _TYPES["null"]


def _required(error: Any) -> Text:
    missing = [name for name in error.validator_value if name not in error.instance]
    return _("Add %(keys)s.") % {"keys": ", ".join(missing)}


def _no_such_key(error: Any) -> Text:
    known = sorted(error.schema.get("properties", {}))
    unknown = sorted(set(map(str, error.instance)) - set(known))
    if not known:
        return _("There is no such key here: remove %(keys)s.") % {"keys": ", ".join(unknown)}
    return _("There is no key %(unknown)s here. Known are: %(keys)s.") % {
        "unknown": ", ".join(unknown),
        "keys": ", ".join(known),
    }


def _choice(error: Any) -> Text:
    return _("Write one of: %(choices)s.") % {"choices": ", ".join(map(shown, error.validator_value))}


def _counted(sentence: Text) -> Callable[[Any], Text]:
    return lambda error: sentence % {"count": error.validator_value}


def shown(value: object) -> str:
    """A value as a sentence shows it: as one writes it in JSON, texts without quotes."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


_SENTENCES: Final[Mapping[str, Callable[[Any], Text]]] = {
    "type": _type,
    "required": _required,
    "additionalProperties": _no_such_key,
    "enum": _choice,
    "const": lambda error: _("Write %(value)s.") % {"value": shown(error.validator_value)},
    "minimum": _counted(_("Write a number of at least %(count)s.")),
    "maximum": _counted(_("Write a number of at most %(count)s.")),
    "minLength": _counted(_("Write at least %(count)s characters.")),
    "maxLength": _counted(_("Write at most %(count)s characters.")),
    "minItems": _counted(_("List at least %(count)s.")),
    "maxItems": _counted(_("List at most %(count)s.")),
    "minProperties": _counted(_("Write at least %(count)s entries.")),
    "maxProperties": _counted(_("Write at most %(count)s entries.")),
    "uniqueItems": lambda error: _("List each entry once."),
    "pattern": lambda error: (
        _("Write a text that fits the pattern %(pattern)s.") % {"pattern": shown(error.validator_value)}
    ),
}
