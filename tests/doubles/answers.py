"""The bytes of the upstream double: OpenAI's objects and events, built once for each behaviour and then only copied.

Without spaces, as OpenAI writes them: the relay's short cuts look for that.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus

import msgspec

from tests.doubles.behaviour import Behaviour

ID = "0000000000-0000000000"
"""Stands in a template where each answer's own id goes; of the same length, so that Content-Length stays right."""
CREATED = 1_763_000_000
_ERRORS = {
    400: ("invalid_request_error", "invalid_value"),
    401: ("invalid_request_error", "invalid_api_key"),
    429: ("requests", "rate_limit_exceeded"),
    500: ("server_error", None),
    503: ("server_error", "server_is_overloaded"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a request shapes its answer."""

    endpoint: str
    model: str
    stream: bool = False
    usage: bool = False
    choices: int = 1
    limit: int | None = None
    inputs: int = 1
    text: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """A whole answer: its head, and the pieces of its body in the order they leave."""

    head: bytes
    pieces: tuple[bytes, ...]


@lru_cache(maxsize=2000)
def script(asked: Asked, behaviour: Behaviour) -> Script:
    if behaviour.html:
        said = asked.text if behaviour.echo else "502 Bad Gateway"
        return _whole(200, f"<html><body>{said}</body></html>".encode(), behaviour, kind="text/html")
    if behaviour.status != 200:
        return _whole(behaviour.status, _error(behaviour.status, asked, behaviour), behaviour)
    if asked.endpoint == "embeddings":
        return _whole(200, msgspec.json.encode(_embeddings(asked, behaviour)), behaviour)
    if asked.stream:
        return _stream(asked, behaviour)
    return _whole(200, msgspec.json.encode(_completion(asked, behaviour)), behaviour)


def _whole(status: int, body: bytes, behaviour: Behaviour, kind: str = "application/json") -> Script:
    return Script(_head(status, kind, behaviour, f"Content-Length: {len(body)}"), (body,))


def _head(status: int, kind: str, behaviour: Behaviour, framing: str) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"Content-Type: {kind}",
        f"x-request-id: req_{ID}",
        framing,
        f"Connection: {'close' if behaviour.close else 'keep-alive'}",
    ]
    if behaviour.retry_after:
        lines.append(f"Retry-After: {behaviour.retry_after}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _error(status: int, asked: Asked, behaviour: Behaviour) -> bytes:
    kind, code = _ERRORS.get(status, ("server_error", None))
    message = f"The double answers {status}, as it was told."
    error: dict[str, str | None] = {"message": message, "type": kind, "param": None, "code": code}
    if behaviour.echo:
        error |= dict.fromkeys(("message", "param", "code"), asked.text)
    return msgspec.json.encode({"error": error})


def _words(asked: Asked, behaviour: Behaviour) -> list[str]:
    count = behaviour.chunks if asked.limit is None else min(behaviour.chunks, asked.limit)
    words = [f"tok{number % 10} " for number in range(count)]
    if behaviour.echo and words:
        words[0] = asked.text + " "
    return words


def _finish(asked: Asked, behaviour: Behaviour) -> str:
    if behaviour.tools:
        return "tool_calls"
    return "length" if asked.limit is not None and asked.limit < behaviour.chunks else "stop"


def usage(asked: Asked, behaviour: Behaviour) -> dict[str, object]:
    output = len(_words(asked, behaviour)) * asked.choices + behaviour.reasoning_tokens
    return {
        "prompt_tokens": behaviour.prompt_tokens,
        "completion_tokens": output,
        "total_tokens": behaviour.prompt_tokens + output,
        "prompt_tokens_details": {"cached_tokens": behaviour.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": behaviour.reasoning_tokens},
    }


def _base(asked: Asked, kind: str) -> dict[str, object]:
    prefix = "cmpl" if asked.endpoint == "completions" else "chatcmpl"
    return {"id": f"{prefix}-{ID}", "object": kind, "created": CREATED, "model": asked.model}


def _completion(asked: Asked, behaviour: Behaviour) -> dict[str, object]:
    chat = asked.endpoint == "chat"
    one = _message_choice if chat else _text_choice
    answer = _base(asked, "chat.completion" if chat else "text_completion")
    answer["choices"] = [one(index, asked, behaviour) for index in range(asked.choices)]
    if not behaviour.no_usage:
        answer["usage"] = usage(asked, behaviour)
    return answer


def _message_choice(index: int, asked: Asked, behaviour: Behaviour) -> dict[str, object]:
    message: dict[str, object] = {"role": "assistant", "content": "".join(_words(asked, behaviour))}
    if behaviour.tools:
        call = {"id": "call_1", "type": "function", "function": _function(asked, behaviour)}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
    return {"index": index, "message": message, "logprobs": None, "finish_reason": _finish(asked, behaviour)}


def _text_choice(index: int, asked: Asked, behaviour: Behaviour) -> dict[str, object]:
    text = "".join(_words(asked, behaviour))
    return {"index": index, "text": text, "logprobs": None, "finish_reason": _finish(asked, behaviour)}


def _function(asked: Asked, behaviour: Behaviour) -> dict[str, str]:
    city = asked.text if behaviour.echo else "Oslo"
    return {"name": "weather", "arguments": msgspec.json.encode({"city": city}).decode()}


def _embeddings(asked: Asked, behaviour: Behaviour) -> dict[str, object]:
    vectors = [
        {"object": "embedding", "index": index, "embedding": [0.25, -0.5, float(index)]}
        for index in range(asked.inputs)
    ]
    answer: dict[str, object] = {"object": "list", "data": vectors, "model": asked.model}
    if behaviour.echo:
        answer["input"] = asked.text
    if not behaviour.no_usage:
        answer["usage"] = {"prompt_tokens": behaviour.prompt_tokens, "total_tokens": behaviour.prompt_tokens}
    return answer


def _stream(asked: Asked, behaviour: Behaviour) -> Script:
    head = _head(200, "text/event-stream", behaviour, "Transfer-Encoding: chunked")
    *first, finish = [b"data: " + msgspec.json.encode(event) + b"\n\n" for event in _events(asked, behaviour)]
    last = [finish]
    if asked.usage and not behaviour.no_usage:
        closing = {**_base(asked, _event_kind(asked)), "choices": [], "usage": usage(asked, behaviour)}
        last.append(b"data: " + msgspec.json.encode(closing) + b"\n\n")
    # The last events leave together, as those of real servers do.
    last.append(b"data: [DONE]\n\n")
    return Script(head, (*map(framed, first), b"".join(map(framed, last)) + b"0\r\n\r\n"))


def framed(piece: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(piece), piece)


def _event_kind(asked: Asked) -> str:
    return "chat.completion.chunk" if asked.endpoint == "chat" else "text_completion"


def _events(asked: Asked, behaviour: Behaviour) -> Iterator[dict[str, object]]:
    """All events that have choices; the last one carries the finish reason."""
    base = _base(asked, _event_kind(asked))
    if asked.usage:
        base["usage"] = None
    if behaviour.first_empty:
        yield {**base, "choices": []}
    deltas = _deltas(asked, behaviour)
    for index in range(asked.choices):
        for delta in deltas:
            yield {**base, "choices": [{"index": index, **delta, "finish_reason": None}]}
    ending = {"delta": {}} if asked.endpoint == "chat" else {"text": ""}
    finish = _finish(asked, behaviour)
    yield {**base, "choices": [{"index": i, **ending, "finish_reason": finish} for i in range(asked.choices)]}


def _deltas(asked: Asked, behaviour: Behaviour) -> list[dict[str, object]]:
    words = _words(asked, behaviour)
    if asked.endpoint != "chat":
        return [{"text": word} for word in words]
    opening: dict[str, object] = {"delta": {"role": "assistant", "content": ""}}
    if behaviour.tools:
        call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": ""}}
        whole = _function(asked, behaviour)["arguments"]
        arguments = [{"index": 0, "function": {"arguments": part}} for part in (whole[:8], whole[8:])]
        return [opening, *({"delta": {"tool_calls": [part]}} for part in (call, *arguments))]
    return [opening, *({"delta": {"content": word}} for word in words)]
