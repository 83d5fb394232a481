"""What a request body may look like, what the relay reads of it, and what it sends on."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.relay import wire
from apps.relay.errors import BadRequest, EncodingNotSupported

HELLO = b'{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}'


def with_fields(**fields: object) -> bytes:
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}], **fields}).encode()


def test_the_model_and_nothing_else_is_enough_beside_the_messages() -> None:
    ask = wire.peek(HELLO, wire.CHAT)

    assert (ask.model, ask.stream, ask.choices, ask.max_output) == ("gpt-4o-mini", False, 1, None)
    assert ask.size == 67


def test_values_go_through_byte_for_byte_and_only_the_model_is_renamed() -> None:
    body = b'{ "model" : "m", "messages" : [ {"role":"user","content":"\\u00e9  \xc3\xa9"} ], "odd": 1.50e+1 }'

    sent = wire.outgoing(wire.peek(body, wire.CHAT), upstream_name="m-2024", max_output=None)

    assert sent == b'{"model":"m-2024","messages":[ {"role":"user","content":"\\u00e9  \xc3\xa9"} ],"odd":1.50e+1}'


def test_a_stream_asks_the_upstream_for_usage_and_keeps_the_callers_other_options() -> None:
    ask = wire.peek(with_fields(stream=True, stream_options={"include_obfuscation": False}), wire.CHAT)

    sent = json.loads(wire.outgoing(ask, upstream_name="m", max_output=None))

    assert not ask.asked_for_usage
    assert sent["stream_options"] == {"include_obfuscation": False, "include_usage": True}


def test_a_caller_who_asks_for_usage_is_remembered() -> None:
    assert wire.peek(with_fields(stream=True, stream_options={"include_usage": True}), wire.CHAT).asked_for_usage


def test_max_tokens_is_lowered_to_what_the_model_can_write() -> None:
    ask = wire.peek(with_fields(max_tokens=128_000), wire.CHAT)

    sent = json.loads(wire.outgoing(ask, upstream_name="m", max_output=16_384))

    assert sent["max_tokens"] == 16_384


def test_a_completion_may_name_its_limit_either_way() -> None:
    ask = wire.peek(b'{"model":"m","prompt":"a","max_completion_tokens":900}', wire.COMPLETIONS)

    assert (ask.max_output, ask.output_field) == (900, "max_completion_tokens")


def test_a_limit_that_means_nothing_to_an_endpoint_goes_through_as_it_is() -> None:
    ask = wire.peek(b'{"model":"m","input":"a","max_tokens":"odd"}', wire.EMBEDDINGS)

    assert json.loads(wire.outgoing(ask, upstream_name="m", max_output=8))["max_tokens"] == "odd"


def test_the_larger_of_two_output_limits_counts() -> None:
    ask = wire.peek(with_fields(max_tokens=5, max_completion_tokens=900), wire.CHAT)

    assert (ask.max_output, ask.output_field) == (900, "max_completion_tokens")


def test_a_completion_writes_its_best_of_for_each_prompt() -> None:
    body = b'{"model":"m","prompt":["a","b"],"n":2,"best_of":3}'

    ask = wire.peek(body, wire.COMPLETIONS)

    assert (ask.choices, ask.max_output) == (6, 16)


def test_a_list_of_tokens_is_one_prompt() -> None:
    assert wire.peek(b'{"model":"m","prompt":[1,2,3]}', wire.COMPLETIONS).choices == 1


@pytest.mark.parametrize("field", ["stream", "n", "max_tokens", "stream_options"])
def test_null_is_the_same_as_absent(field: str) -> None:
    ask = wire.peek(with_fields(**{field: None}), wire.CHAT)

    assert (ask.stream, ask.choices, ask.max_output) == (False, 1, None)


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        (b"", None, "invalid_json"),
        (b"{", None, "invalid_json"),
        (b"[]", None, "invalid_request"),
        (b'"model"', None, "invalid_request"),
        (HELLO + b"x", None, "invalid_json"),
        (b"\xef\xbb\xbf" + HELLO, None, "invalid_json"),
        (b'{"model":"m","messages":[{"role":"user"}],"temperature":NaN}', None, "invalid_json"),
        (b'{"model":"m","messages":[{"role":"user"}],"temperature":Infinity}', None, "invalid_json"),
        (b'{"model":"m","model":"m2","messages":[{"role":"user"}]}', None, "duplicate_key"),
        (b'{"model":"m","m\\u006fdel":"m2","messages":[{"role":"user"}]}', None, "duplicate_key"),
        (b'{"Model":"m","model":"m","messages":[{"role":"user"}]}', "model", "unknown_parameter"),
        (b'{"model":"m","messages":[{"role":"user"}],"max_to\xe2\x84\xaaens":9}', "max_tokens", "unknown_parameter"),
        (b'{"model":"m","messages":[{"role":"user","content":"\xff"}]}', None, "invalid_encoding"),
        (b'{"messages":[{"role":"user"}]}', "model", "missing_required_parameter"),
        (b'{"model":"","messages":[{"role":"user"}]}', "model", "missing_required_parameter"),
        (b'{"model":7,"messages":[{"role":"user"}]}', "model", "invalid_type"),
        (b'{"model":"m"}', "messages", "missing_required_parameter"),
        (b'{"model":"m","messages":null}', "messages", "missing_required_parameter"),
        (b'{"model":"m","messages":"hi"}', "messages", "invalid_type"),
        (b'{"model":"m","messages":[]}', "messages", "empty_array"),
        (with_fields(stream="true"), "stream", "invalid_type"),
        (with_fields(stream=1), "stream", "invalid_type"),
        (with_fields(n=0), "n", "integer_below_min_value"),
        (with_fields(n=129), "n", "integer_above_max_value"),
        (with_fields(n=1.5), "n", "invalid_type"),
        (with_fields(n=True), "n", "invalid_type"),
        (with_fields(max_tokens=-1), "max_tokens", "integer_below_min_value"),
        (with_fields(max_tokens="100"), "max_tokens", "invalid_type"),
        (with_fields(max_tokens=10**30), "max_tokens", "integer_above_max_value"),
        (with_fields(stream=True, stream_options=[]), "stream_options", "invalid_type"),
    ],
)
def test_a_wrong_request_is_refused_by_name(body: bytes, param: str | None, code: str) -> None:
    with pytest.raises(BadRequest) as refused:
        wire.peek(body, wire.CHAT)

    assert (refused.value.details.get("param"), refused.value.code, refused.value.status) == (param, code, 400)


@pytest.mark.parametrize("messages", [b"[1]", b'["hi"]', b'[{"role":"user","content":[{"type":7}]}]', b"[null]"])
def test_messages_must_be_objects_and_their_parts_named(messages: bytes) -> None:
    ask = wire.peek(b'{"model":"m","messages":' + messages + b"}", wire.CHAT)

    with pytest.raises(BadRequest, match="messages"):
        wire.shape_of(ask)


@pytest.mark.parametrize("encoding", ["gzip", "br", "GZIP", "identity, gzip"])
def test_a_compressed_body_is_refused(encoding: str) -> None:
    with pytest.raises(EncodingNotSupported):
        wire.peek(HELLO, wire.CHAT, content_encoding=encoding)


def test_identity_is_no_compression() -> None:
    assert wire.peek(HELLO, wire.CHAT, content_encoding="identity").model == "gpt-4o-mini"


def nested(depth: int) -> bytes:
    """Objects and arrays in turn, `depth` levels with the body's own."""
    opening = b"".join(b'{"a":' if level % 2 else b"[" for level in range(depth - 1))
    closing = b"".join(b"}" if level % 2 else b"]" for level in reversed(range(depth - 1)))
    return b'{"a":' + opening + b"1" + closing + b"}"


def is_too_deep(body: bytes) -> bool:
    try:
        wire.check_structure(wire.structure_of(body))
    except BadRequest as refusal:
        return refusal.code == "nested_too_deep"
    return False


def test_128_levels_are_deep_enough() -> None:
    assert not is_too_deep(nested(128))
    assert is_too_deep(nested(129))


def test_brackets_inside_strings_are_text() -> None:
    text = json.dumps({"a": "[" * 500 + '\\"{' * 500, "b": ["\\"] * 200}).encode()

    assert not is_too_deep(text)


def test_a_bomb_of_brackets_is_refused_whichever_way_it_is_built() -> None:
    for bomb in (b'{"a":' + b"[" * 1_000_000, nested(5_000), b'{"a":' * 100_000):
        with pytest.raises(BadRequest):
            wire.peek(bomb, wire.CHAT)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"a":[' + b",".join([b"[" * 120 + b"]" * 120] * 5_000) + b"]}", "too_many_values"),
        (b'{"a":[' + b",".join([b"{}"] * 200_000) + b"]}", "too_many_values"),
        (b'{"a":[' + b",".join([b'"["'] * 300_000) + b"]}", "too_many_values"),
        (b"{" + b",".join(b'"k%d":1' % n for n in range(1_001)) + b"}", "too_many_fields"),
        (b"{" + b",".join([b'"k":1'] * 1_001) + b"}", "too_many_fields"),
    ],
    ids=["groups of brackets", "empty objects", "strings with brackets", "fields", "one field again and again"],
)
def test_what_would_take_seconds_to_read_is_refused_before_it_is_built(body: bytes, code: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        wire.peek(body, wire.CHAT)

    assert refusal.value.code == code


def test_a_long_text_may_hold_any_number_of_commas_and_brackets() -> None:
    text = json.dumps("a, b: [c] {d} " * 100_000).encode()

    ask = wire.peek(b'{"model":"m","messages":[{"role":"user","content":%s}]}' % text, wire.CHAT)

    assert wire.shape_of(ask).messages == 1


def test_a_completion_without_a_limit_sends_the_one_it_was_quoted_with() -> None:
    ask = wire.peek(b'{"model":"m","prompt":"a"}', wire.COMPLETIONS)

    assert json.loads(wire.outgoing(ask, upstream_name="m", max_output=None))["max_tokens"] == 16


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def depth_of(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


@given(json_values, st.integers(0, 140))
def test_depth_is_what_a_real_parser_says(value: object, more: int) -> None:
    for _ in range(more):
        value = [value]

    assert is_too_deep(json.dumps({"a": value}).encode()) == (1 + depth_of(value) > 128)


def test_parts_that_are_not_text_are_set_apart() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 1_000}}
    body = with_fields(messages=[{"role": "user", "content": [{"type": "text", "text": "what?"}, image]}])

    shape = wire.shape_of(wire.peek(body, wire.CHAT))

    assert (shape.messages, shape.other_parts) == (1, ("image_url",))
    assert shape.text_bytes == len(body) - len(json.dumps(image))


def test_a_disguised_part_type_is_still_found() -> None:
    body = b'{"model":"m","messages":[{"role":"user","content":[{"\\u0074ype":"file","file":{}}]}]}'

    assert wire.shape_of(wire.peek(body, wire.CHAT)).other_parts == ("file",)


def test_ten_thousand_messages_are_counted() -> None:
    body = with_fields(messages=[{"role": "user", "content": "hi"}] * 10_000)

    assert wire.shape_of(wire.peek(body, wire.CHAT)).messages == 10_000
