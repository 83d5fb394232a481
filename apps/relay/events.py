"""The OpenAI dialect's answers as bytes: usage and text of an answer, events of a stream. No money, no network."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec
from msgspec import Raw

from apps.relay.types import Usage

DONE = b"data: [DONE]\n\n"
ERROR_START = b'data: {"error"'
MAX_EVENT_BYTES = 4 * 1024 * 1024
MAX_TOKENS = 100_000_000
"""More than any model can read or write in an hour: a usage beyond is nonsense, and is counted here instead."""
_END_MARK = b"[DONE]"


# -- What answers say ----------------------------------------------------------------------------


class _PromptDetails(msgspec.Struct):
    cached_tokens: int | None = 0
    cache_write_tokens: int | None = 0
    audio_tokens: int | None = 0
    image_tokens: int | None = 0


class _CompletionDetails(msgspec.Struct):
    reasoning_tokens: int | None = 0
    audio_tokens: int | None = 0
    image_tokens: int | None = 0


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = 0
    completion_tokens: int | None = 0
    total_tokens: int | None = 0
    prompt_cache_hit_tokens: int | None = 0
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class _ToolCall(msgspec.Struct):
    function: _Function | None = None


class _Output(msgspec.Struct):
    """A message or a delta, as far as it counts."""

    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: list[_ToolCall] | None = None
    function_call: _Function | None = None


class _Choice(msgspec.Struct):
    message: _Output | None = None
    delta: _Output | None = None
    text: str | None = None
    finish_reason: str | None = None
    index: int = 0


class _Answer(msgspec.Struct):
    choices: list[_Choice] = []


class _LooseAnswer(msgspec.Struct):
    choices: list[dict[str, object]] = []


class _Head(msgspec.Struct):
    usage: _Usage | None = None
    choices: list[Raw] | None = None
    error: Raw = Raw(b"null")


class _Error(msgspec.Struct):
    message: str | None = None
    type: str | None = None
    param: str | None = None
    code: str | int | None = None


class _ErrorBody(msgspec.Struct):
    error: _Error | str | None = None
    message: str | None = None


_NOT_WRITTEN = frozenset(("role", "type", "id", "data", "format", "signature"))
"""Strings of an answer that are not the model's words."""
_NO_PROMPT_DETAILS = _PromptDetails()
_NO_COMPLETION_DETAILS = _CompletionDetails()
_decode_map = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_head = msgspec.json.Decoder(_Head).decode
_decode_answer = msgspec.json.Decoder(_Answer).decode
_decode_loose = msgspec.json.Decoder(_LooseAnswer).decode
_decode_error = msgspec.json.Decoder(_ErrorBody).decode


def usage_of(body: bytes | Raw) -> Usage | None:
    """The usage of an answer or an event; None when it is missing, null or nonsense."""
    try:
        usage = _decode_head(body).usage
    except msgspec.DecodeError:
        return None
    return None if usage is None else _normal(usage)


def _normal(usage: _Usage) -> Usage | None:
    prompt, completion = usage.prompt_tokens or 0, usage.completion_tokens or 0
    inside = usage.prompt_tokens_details or _NO_PROMPT_DETAILS
    outside = usage.completion_tokens_details or _NO_COMPLETION_DETAILS
    reasoning = outside.reasoning_tokens or 0
    if reasoning and usage.total_tokens == prompt + completion + reasoning:
        completion += reasoning  # xAI counts the reasoning beside the completion
    cached = max(inside.cached_tokens or 0, usage.prompt_cache_hit_tokens or 0)
    written = inside.cache_write_tokens or 0
    counts = (prompt, completion, cached, written, reasoning)
    if min(counts) < 0 or max(counts) > MAX_TOKENS or prompt + completion == 0:
        return None
    cached = min(cached, prompt)
    return Usage(
        input_tokens=prompt,
        output_tokens=completion,
        cached_tokens=cached,
        cache_write_tokens=min(written, prompt - cached),
        reasoning_tokens=min(reasoning, completion),
        other=_other(inside, outside),
    )


def _other(inside: _PromptDetails, outside: _CompletionDetails) -> dict[str, int]:
    counts = {
        "audio_input_tokens": inside.audio_tokens,
        "image_input_tokens": inside.image_tokens,
        "audio_output_tokens": outside.audio_tokens,
        "image_output_tokens": outside.image_tokens,
    }
    return {meter: count for meter, count in counts.items() if count and 0 < count <= MAX_TOKENS}


def text_of(body: bytes | Raw) -> str:
    """All that the model wrote in an answer or an event, for counting."""
    try:
        answer = _decode_answer(body)
    except msgspec.DecodeError:
        return _loose_text_of(body)
    return "".join(piece for choice in answer.choices for piece in _pieces(choice)) or _loose_text_of(body)


def _loose_text_of(body: bytes | Raw) -> str:
    """Every text in shapes that are not the usual one: content in parts, input of custom tools, words of a recording.
    What was passed on must not count as nothing.
    """
    try:
        choices = _decode_loose(body).choices
    except (msgspec.DecodeError, RecursionError):
        return ""
    written = (choice.get(name) for choice in choices for name in ("text", "delta", "message"))
    return "".join(piece for value in written for piece in _strings(value, depth=8))


def _strings(value: object, *, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and depth:
        for item in value:
            yield from _strings(item, depth=depth - 1)
    elif isinstance(value, dict) and depth:
        for name, item in value.items():
            if name not in _NOT_WRITTEN:
                yield from _strings(item, depth=depth - 1)


def _pieces(choice: _Choice) -> Iterator[str]:
    yield choice.text or ""
    output = choice.delta or choice.message
    if output is None:
        return
    yield from (output.content or "", output.reasoning_content or output.reasoning or "", output.refusal or "")
    functions = [call.function for call in output.tool_calls or ()]
    for function in (*functions, output.function_call):
        if function is not None:
            yield from (function.name or "", function.arguments or "")


def read_answer(body: bytes) -> tuple[bool, Usage | None]:
    """Whether a body is an answer of this dialect (a JSON object, no error), and its usage if it tells it."""
    try:
        head = _decode_head(body)
    except msgspec.DecodeError:
        return _is_answer_otherwise(body), None
    if bytes(head.error) != b"null":
        return False, None
    return True, None if head.usage is None else _normal(head.usage)


def _is_answer_otherwise(body: bytes) -> bool:
    """An object whose usage is nonsense is still an answer."""
    try:
        return bytes(_decode_map(body).get("error", b"null")) == b"null"
    except msgspec.DecodeError:
        return False


@dataclass(frozen=True, slots=True)
class ErrorText:
    message: str
    type: str | None = None
    param: str | None = None
    code: str | None = None


def error_of(body: bytes) -> ErrorText | None:
    """What an upstream's error body says, whichever of the usual shapes it has."""
    try:
        found = _decode_error(body)
    except msgspec.DecodeError:
        return None
    if isinstance(found.error, _Error) and found.error.message:
        error = found.error
        return ErrorText(error.message or "", error.type, error.param, None if error.code is None else str(error.code))
    text = found.error if isinstance(found.error, str) else found.message
    return ErrorText(text) if text else None


# -- Streams -------------------------------------------------------------------------------------


@dataclass(slots=True)
class EventCutter:
    """Cuts a stream of bytes at event boundaries, so that whatever is passed on or held back is whole events."""

    carry: bytearray = field(default_factory=bytearray)

    def whole(self, piece: bytes) -> bytes:
        """All whole events that are there now; empty while the first is incomplete."""
        if not self.carry and piece.endswith(b"\n\n"):
            return piece
        self.carry += piece
        end = max(self.carry.rfind(b"\n\n") + 2 if b"\n\n" in self.carry else 0, self._crlf_end())
        whole = bytes(self.carry[:end])
        del self.carry[:end]
        return whole

    def _crlf_end(self) -> int:
        found = self.carry.rfind(b"\r\n\r\n")
        return found + 4 if found >= 0 else 0

    @property
    def is_overlong(self) -> bool:
        return len(self.carry) > MAX_EVENT_BYTES


_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")


def may_be_stream(head: bytes) -> bool:
    """Whether these first bytes can begin a stream of events, however few they are."""
    return any(head.startswith(field) or field.startswith(head) for field in _FIELDS)


def data_of(events: bytes) -> Iterator[bytes]:
    """The data of each event of a block; comments and other fields are skipped."""
    for line in events.splitlines():
        if line.startswith(b"data:"):
            yield line[5:].strip()


def split(events: bytes) -> list[bytes]:
    """A block of whole events, event by event, byte for byte."""
    separator = b"\r\n\r\n" if b"\r\n\r\n" in events else b"\n\n"
    return [event + separator for event in events.split(separator) if event]


def count(events: bytes) -> int:
    """How many events a block has, with line ends of either kind."""
    return (events.count(b"\n\n") + events.count(b"\r\n\r\n")) or 1


def envelope_of(events: bytes) -> int | None:
    """How many bytes of the last event are not text; None where it has no choices."""
    event = events[events.rfind(b"\ndata:") + 1 :]
    if b'"choices"' not in event:
        return None
    return len(event) - sum(len(text_of(data).encode()) for data in data_of(event))


def may_have_end_mark(events: bytes) -> bool:
    return _END_MARK in events


def is_end_mark(event: bytes) -> bool:
    return _END_MARK in event and _END_MARK in data_of(event)


def may_have_usage(events: bytes) -> bool:
    """Cheap and never wrong with "no": a quote inside content is escaped, so the name cannot come from there."""
    return b'"usage"' in events and events.count(b'"usage"') > events.count(b'"usage":null') + events.count(
        b'"usage": null'
    )


def is_only_usage(event: bytes) -> bool:
    """The event with usage and no choices, which only callers see who asked for it."""
    for data in data_of(event):
        try:
            head = _decode_head(data)
        except msgspec.DecodeError:
            return False
        return head.usage is not None and not head.choices
    return False


def has_error(data: bytes) -> bool:
    """Whether a body or an event's data is an error instead of an answer."""
    try:
        error = _decode_head(data).error
    except msgspec.DecodeError:
        return False
    return bytes(error) != b"null"


def finished_choices(blocks: Iterable[bytes]) -> set[int]:
    """Which choices said why they stopped; events that cannot be read, and most that do not say it, cost little."""
    finished: set[int] = set()
    for block in blocks:
        if block.count(b'"finish_reason"') > block.count(b'"finish_reason":null'):
            for data in data_of(block):
                finished |= _finished_in(data)
    return finished


def _finished_in(data: bytes) -> set[int]:
    try:
        return {choice.index for choice in _decode_answer(data).choices if choice.finish_reason}
    except msgspec.DecodeError:
        return set()
