"""What the upstream double shall do, read from the model's name: `any-name+chunks=40+pace_ms=5+cut_after=3`.

A catalogue's channel maps our model ids to such names, so each test chooses by the model that it calls.
"""

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True, slots=True)
class Behaviour:
    chunks: int = 10
    """Output tokens; in a stream one event each."""
    pace_ms: float = 0.0
    """Between the events of a stream; 0: one each turn of the loop."""
    latency_ms: float = 0.0
    prompt_tokens: int = 12
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    status: int = 200
    """Another status answers with OpenAI's error for it."""
    retry_after: int = 0
    cut_after: int = -1
    """The connection breaks after so many events; in a plain answer, in the middle of the body."""
    hang_after: int = -1
    """Silence after so many events; in a plain answer, before the first byte."""
    no_usage: bool = False
    html: bool = False
    tools: bool = False
    echo: bool = False
    """The answer begins with what was sent: the last message, the prompt, the input. An error says it everywhere."""
    close: bool = False
    """`Connection: close` after the answer."""
    first_empty: bool = False
    """A first event with empty `choices`, as Azure sends."""


_KINDS = {field.name: field.type for field in fields(Behaviour)}
_CASTS = {"int": int, "float": float, int: int, float: float}


def behaviour_of(model: str, *, default: Behaviour) -> Behaviour:
    """The default, changed by what follows the first `+` of the name; an unknown word is an error of the test."""
    return changed(default, dict(word.partition("=")[::2] for word in model.split("+")[1:]))


def changed(default: Behaviour, words: dict[str, str]) -> Behaviour:
    return replace(default, **{name: _value(name, text) for name, text in words.items()})


def _value(name: str, text: str) -> int | float | bool:
    cast = _CASTS.get(_KINDS[name])
    return cast(text) if cast else text in ("", "1", "true", "True")
