"""The end of a stream that we cut short, in OpenAI's dialect: the reason "length", usage if asked for, the end mark.

Programs know it from their own `max_tokens`: what came is whole as far as it goes, and nothing is raised.
"""

from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Raw

from apps.relay.events import DONE, data_of
from apps.relay.types import Usage


class _Choice(msgspec.Struct):
    text: str | None = None


_decode_map = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_choices = msgspec.json.Decoder(list[_Choice] | None).decode
_encode = msgspec.json.Encoder().encode


def cut_short(sample: bytes, *, unfinished: Iterable[int], usage: Usage | None) -> bytes:
    """The last events of the stream that `sample` is of; empty when it shows no choice to end.

    `unfinished`: the choices that have not said why they stopped. `usage`: for a caller who asked for it.
    """
    found = _template(sample)
    if found is None:
        return b""
    fields, choice = found
    ending: dict[str, object] = {"delta": {}} if choice.text is None else {"text": ""}
    choices = [{"index": index, **ending, "logprobs": None, "finish_reason": "length"} for index in unfinished]
    events = [{**fields, "choices": choices}] if choices else []
    if usage is not None:
        events.append({**fields, "choices": [], "usage": usage_fields(usage)})
    return b"".join(b"data: " + _encode(event) + b"\n\n" for event in events) + DONE


def usage_fields(usage: Usage) -> dict[str, object]:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }


def _template(sample: bytes) -> tuple[Mapping[str, object], _Choice] | None:
    """What every event of the stream says of itself, and one of its choices."""
    for data in data_of(sample):
        try:
            fields = _decode_map(data)
            choices = _decode_choices(fields["choices"])
        except (msgspec.DecodeError, KeyError):
            continue
        if choices:
            return fields, choices[0]
    return None
