"""Streams are cut at event boundaries, whatever way their bytes arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.relay import events
from apps.relay.types import Usage

STREAM = b'data: {"a":1}\n\n: ping\n\ndata: {"b":2}\n\ndata: [DONE]\n\n'


@given(st.lists(st.integers(1, 20), max_size=30))
def test_however_the_bytes_are_split_only_whole_events_come_out(sizes: list[int]) -> None:
    cutter, rest, out = events.EventCutter(), STREAM, []
    for size in [*sizes, len(STREAM)]:
        piece, rest = rest[:size], rest[size:]
        if piece:
            out.append(cutter.whole(piece))

    assert b"".join(out) == STREAM
    assert all(not block or block.endswith(b"\n\n") for block in out)


def test_carriage_returns_end_events_too() -> None:
    cutter = events.EventCutter()

    assert cutter.whole(b"data: 1\r\n\r\ndata: 2\r\n") == b"data: 1\r\n\r\n"
    assert cutter.whole(b"\r\n") == b"data: 2\r\n\r\n"


def test_an_event_without_end_is_noticed() -> None:
    cutter = events.EventCutter()

    assert cutter.whole(b"x" * (events.MAX_EVENT_BYTES + 1)) == b""
    assert cutter.is_overlong


@pytest.mark.parametrize("name", [b'"usage":null', b'"usage" : null'])
def test_a_null_usage_is_no_usage(name: bytes) -> None:
    assert events.usage_of(b'{"choices":[],' + name + b"}") is None


def test_usage_in_content_is_not_usage() -> None:
    event = b'data: {"choices":[{"delta":{"content":"\\"usage\\": 5"}}],"usage":null}\n\n'

    assert not events.may_have_usage(event)


def test_details_are_parts_of_prompt_and_completion() -> None:
    body = (
        b'{"usage":{"prompt_tokens":210,"completion_tokens":64,"total_tokens":274,'
        b'"prompt_tokens_details":{"cached_tokens":128,"cache_write_tokens":10,"audio_tokens":5},'
        b'"completion_tokens_details":{"reasoning_tokens":32,"audio_tokens":null}}}'
    )

    assert events.usage_of(body) == Usage(210, 64, 128, 10, 32, {"audio_input_tokens": 5})


def test_deepseeks_cache_hits_are_cached_tokens() -> None:
    body = b'{"usage":{"prompt_tokens":100,"completion_tokens":1,"prompt_cache_hit_tokens":64}}'

    usage = events.usage_of(body)

    assert usage is not None
    assert usage.cached_tokens == 64


def test_reasoning_beside_the_completion_is_added_to_it() -> None:
    body = (
        b'{"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":45,'
        b'"completion_tokens_details":{"reasoning_tokens":30}}}'
    )

    usage = events.usage_of(body)

    assert usage is not None
    assert (usage.output_tokens, usage.reasoning_tokens) == (35, 30)


@pytest.mark.parametrize(
    "usage",
    [
        b'{"prompt_tokens":-1,"completion_tokens":5}',
        b'{"prompt_tokens":"7"}',
        b"[]",
        b"7",
        b"{}",
        b'{"prompt_tokens":1.5}',
    ],
)
def test_nonsense_is_no_usage(usage: bytes) -> None:
    assert events.usage_of(b'{"usage":' + usage + b"}") is None


def test_text_is_gathered_from_all_that_the_model_wrote() -> None:
    body = (
        b'{"choices":[{"message":{"content":"a","reasoning_content":"b","refusal":"c","tool_calls":'
        b'[{"function":{"name":"d","arguments":"e"}}]}},{"text":"f"}]}'
    )

    assert events.text_of(body) == "abcdef"


@pytest.mark.parametrize(
    "delta",
    [
        b'{"content":[{"type":"thinking","thinking":[{"type":"text","text":"a"}]},{"type":"text","text":"b"}]}',
        b'{"role":"assistant","content":null,"tool_calls":[{"id":"7","type":"custom","custom":{"name":"a","input":"b"}}]}',
        b'{"audio":{"id":"7","data":"UklGRg==","transcript":"ab"}}',
        b'{"content":"","tool_calls":[{"function":{"name":"a","arguments":{"x":"b"}}}]}',
    ],
)
def test_text_of_rarer_shapes_is_gathered_too(delta: bytes) -> None:
    assert events.text_of(b'{"choices":[{"index":0,"delta":' + delta + b"}]}") == "ab"


@pytest.mark.parametrize(
    "body", [b"<html>", b'{"choices":7}', b'{"choices":[{"delta":' + b"[" * 9000 + b"]" * 9000 + b"}]}"]
)
def test_what_is_no_answer_has_no_text(body: bytes) -> None:
    assert events.text_of(body) == ""


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        (b'{"error":{"message":"no","code":"bad"}}', "no", "bad"),
        (b'{"error":{"message":"no","code":400}}', "no", "400"),
        (b'{"error":"no"}', "no", None),
        (b'{"message":"no"}', "no", None),
    ],
)
def test_error_bodies_come_in_many_shapes(body: bytes, message: str, code: str | None) -> None:
    said = events.error_of(body)

    assert said is not None
    assert (said.message, said.code) == (message, code)


def test_a_page_of_html_is_no_error_body() -> None:
    assert events.error_of(b"<html>502</html>") is None
