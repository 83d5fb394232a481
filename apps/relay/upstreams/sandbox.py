"""An upstream inside this process that answers from the request itself: same question, same answer, no network.

Its tokens are words, so that a bill can be checked by counting. It streams, calls tools, follows JSON schemas, embeds.
"""

import asyncio
import base64
import hashlib
import json
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx

from apps.relay.connection import Timeouts

Json = dict[str, Any]

CREATED = 1_767_225_600
DEFAULT_DIMENSIONS = 1_536
MAX_DIMENSIONS = 8_192
DEFAULT_WORDS = 200
_JSON = [(b"content-type", b"application/json")]
_SSE = [(b"content-type", b"text/event-stream; charset=utf-8")]


class SandboxAnswer:
    """Pieces that are all there from the beginning, handed out one at a time."""

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], pieces: list[bytes]) -> None:
        self.status = status
        self.headers = headers
        self.complete = False
        self._pieces = pieces[::-1]

    async def piece(self) -> bytes:
        await asyncio.sleep(0)
        if self._pieces:
            return self._pieces.pop()
        self.complete = True
        return b""

    async def read(self, *, max_bytes: int) -> bytes:
        whole = b"".join(reversed(self._pieces))
        await self.aclose()
        if len(whole) > max_bytes:
            raise httpx.RemoteProtocolError(f"the answer is longer than {max_bytes} bytes")
        return whole

    async def aclose(self) -> None:
        self._pieces.clear()
        self.complete = True


class SandboxTransport:
    """The transport of channels of kind `sandbox`."""

    async def send(
        self, method: bytes, target: bytes, headers: list[tuple[bytes, bytes]], body: bytes, timeouts: Timeouts
    ) -> SandboxAnswer:
        endpoint = target.decode().removeprefix("/v1")
        try:
            return _ENDPOINTS[endpoint](json.loads(body))
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            return _refusal("The sandbox does not understand this request.")

    async def aclose(self) -> None:
        """Nothing is open."""


def _refusal(message: str) -> SandboxAnswer:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return SandboxAnswer(400, _JSON, [json.dumps({"error": error}).encode()])


def _whole(answer: Json) -> SandboxAnswer:
    return SandboxAnswer(200, _JSON, [_dump(answer)])


def _dump(answer: Json) -> bytes:
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


# -- Chat ----------------------------------------------------------------------------------------


def _chat(ask: Json) -> SandboxAnswer:
    messages = ask["messages"]
    prompt_words = sum(len(_text_of(message).split()) for message in messages)
    message, finish = _reply(ask, messages)
    answer = {**_head(ask, "chat.completion"), "usage": None}
    completion_words = len(_spoken(message).split())
    count = ask.get("n") or 1
    usage = _usage(prompt_words, completion_words * count)
    if not ask.get("stream"):
        choices = [
            {"index": index, "message": message, "logprobs": None, "finish_reason": finish} for index in range(count)
        ]
        return _whole({**answer, "choices": choices, "usage": usage})
    return _stream(ask, "chat.completion.chunk", [_deltas(index, message, finish) for index in range(count)], usage)


def _reply(ask: Json, messages: list[Json]) -> tuple[Json, str]:
    tool = _tool_to_call(ask, messages)
    if tool is not None:
        call = {"id": _id("call", tool), "type": "function", "function": _filled_call(tool)}
        return {"role": "assistant", "content": None, "refusal": None, "tool_calls": [call]}, "tool_calls"
    text, finish = _cut(_answer_text(ask, messages), ask)
    return {"role": "assistant", "content": text, "refusal": None, "annotations": []}, finish


def _tool_to_call(ask: Json, messages: list[Json]) -> Json | None:
    """The named function, else the first; none after a tool has answered, so that conversations end."""
    choice = ask.get("tool_choice")
    functions: list[Json] = [tool["function"] for tool in ask.get("tools") or () if tool.get("type") == "function"]
    if not functions or choice == "none" or messages[-1].get("role") == "tool":
        return None
    wanted = choice["function"]["name"] if isinstance(choice, dict) else functions[0]["name"]
    return next((function for function in functions if function["name"] == wanted), functions[0])


def _filled_call(function: Json) -> Json:
    arguments = _example(function.get("parameters") or {"type": "object"})
    return {"name": function["name"], "arguments": json.dumps(arguments, ensure_ascii=False)}


def _answer_text(ask: Json, messages: list[Json]) -> str:
    wanted = ask.get("response_format") or {}
    asked = _text_of(messages[-1])
    if wanted.get("type") == "json_schema":
        return json.dumps(_example(wanted["json_schema"].get("schema") or {}), ensure_ascii=False)
    if wanted.get("type") == "json_object":
        return json.dumps({"answer": asked}, ensure_ascii=False)
    return f"You said: {asked}"


def _cut(text: str, ask: Json) -> tuple[str, str]:
    limit = ask.get("max_completion_tokens") or ask.get("max_tokens") or DEFAULT_WORDS
    words = text.split(" ")
    return (text, "stop") if len(words) <= limit else (" ".join(words[:limit]), "length")


def _text_of(message: Json) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return " ".join(part["text"] for part in content if part.get("type") == "text")


def _spoken(message: Json) -> str:
    calls = message.get("tool_calls") or ()
    return message["content"] or " ".join(call["function"]["arguments"] for call in calls)


def _deltas(index: int, message: Json, finish: str) -> Iterator[Json]:
    yield _delta(index, {"role": "assistant", "content": "" if message["content"] is not None else None})
    if message["content"] is not None:
        for piece in _pieces(message["content"]):
            yield _delta(index, {"content": piece})
    for number, call in enumerate(message.get("tool_calls") or ()):
        name, arguments = call["function"]["name"], call["function"]["arguments"]
        yield _delta(index, {"tool_calls": [{**call, "index": number, "function": {"name": name, "arguments": ""}}]})
        for piece in _pieces(arguments):
            yield _delta(index, {"tool_calls": [{"index": number, "function": {"arguments": piece}}]})
    yield {"index": index, "delta": {}, "logprobs": None, "finish_reason": finish}


def _delta(index: int, delta: Json) -> Json:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": None}


def _pieces(text: str) -> Iterator[str]:
    """Word by word, each with the space before it."""
    first, *others = text.split(" ")
    yield first
    yield from (f" {word}" for word in others)


# -- Completions ---------------------------------------------------------------------------------


def _completions(ask: Json) -> SandboxAnswer:
    prompts = _prompts(ask["prompt"])
    limit = {"max_tokens": ask.get("max_tokens") or 16}
    count = ask.get("n") or 1
    texts = [_cut(f"You said: {prompt}", limit) for prompt in prompts for _ in range(count)]
    words = sum(len(text.split()) for text, _ in texts)
    usage = _usage(sum(len(prompt.split()) for prompt in prompts), words)
    if ask.get("stream"):
        return _stream(ask, "text_completion", [_texts(i, *text) for i, text in enumerate(texts)], usage)
    choices = [_text_choice(i, text, finish) for i, (text, finish) in enumerate(texts)]
    return _whole({**_head(ask, "text_completion"), "choices": choices, "usage": usage})


def _prompts(prompt: Any) -> list[str]:
    """Text, texts, tokens or lists of tokens; a token reads as its number."""
    if isinstance(prompt, str):
        return [prompt]
    if isinstance(prompt[0], int):
        return [" ".join(map(str, prompt))]
    return [item if isinstance(item, str) else " ".join(map(str, item)) for item in prompt]


def _texts(index: int, text: str, finish: str) -> Iterator[Json]:
    for piece in _pieces(text):
        yield _text_choice(index, piece, None)
    yield _text_choice(index, "", finish)


def _text_choice(index: int, text: str, finish: str | None) -> Json:
    return {"index": index, "text": text, "logprobs": None, "finish_reason": finish}


# -- Embeddings ----------------------------------------------------------------------------------


def _embeddings(ask: Json) -> SandboxAnswer:
    texts = _prompts(ask["input"])
    dimensions = ask.get("dimensions") or DEFAULT_DIMENSIONS
    if not 1 <= dimensions <= MAX_DIMENSIONS:
        return _refusal(f"'dimensions' must be from 1 to {MAX_DIMENSIONS}.")
    as_text = ask.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": index, "embedding": _vector(text, dimensions, as_text=as_text)}
        for index, text in enumerate(texts)
    ]
    words = sum(len(text.split()) for text in texts)
    usage = {"prompt_tokens": words, "total_tokens": words}
    return _whole({"object": "list", "model": ask["model"], "data": data, "usage": usage})


def _vector(text: str, dimensions: int, *, as_text: bool) -> list[float] | str:
    """A unit vector drawn from the text's hash."""
    raw = struct.unpack(f"<{dimensions}i", hashlib.shake_256(text.encode()).digest(4 * dimensions))
    length = sum(number * number for number in raw) ** 0.5 or 1.0
    vector = [number / length for number in raw]
    packed = struct.pack(f"<{dimensions}f", *vector)
    return base64.b64encode(packed).decode() if as_text else list(struct.unpack(f"<{dimensions}f", packed))


# -- Shared --------------------------------------------------------------------------------------


def _head(ask: Json, kind: str) -> Json:
    return {"id": _id("chatcmpl", ask), "object": kind, "created": CREATED, "model": ask["model"]}


def _id(prefix: str, content: Json) -> str:
    return f"{prefix}-{hashlib.sha256(_dump(content)).hexdigest()[:24]}"


def _usage(prompt: int, completion: int) -> Json:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def _stream(ask: Json, kind: str, choices: list[Iterator[Json]], usage: Json) -> SandboxAnswer:
    head = _head(ask, kind)
    wants_usage = bool((ask.get("stream_options") or {}).get("include_usage"))
    silent = {"usage": None} if wants_usage else {}
    chunks = [{**head, "choices": [choice], **silent} for choice_events in choices for choice in choice_events]
    if wants_usage:
        chunks.append({**head, "choices": [], "usage": usage})
    return SandboxAnswer(200, _SSE, [b"data: " + _dump(chunk) + b"\n\n" for chunk in chunks] + [b"data: [DONE]\n\n"])


def _example(schema: Mapping[str, Any]) -> Any:
    """The plainest value that a JSON schema allows."""
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for choice in ("anyOf", "oneOf", "allOf"):
        if schema.get(choice):
            return _example(schema[choice][0])
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: _example(inner) for name, inner in (schema.get("properties") or {}).items()}
    if kind == "array":
        return [_example(schema["items"])] if schema.get("items") else []
    return {"string": "sandbox", "integer": 1, "number": 1, "boolean": True}.get(kind)


_ENDPOINTS: Mapping[str, Callable[[Json], SandboxAnswer]] = {
    "/chat/completions": _chat,
    "/completions": _completions,
    "/embeddings": _embeddings,
}
