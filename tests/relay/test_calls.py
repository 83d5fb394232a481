"""A call from its request to its charge, as a program sees it. The sandbox counts words: bills are checked by eye."""

import base64
import json
import struct

import pytest

from apps.core import clock
from apps.relay import services
from tests.relay.conftest import Relay

pytestmark = pytest.mark.django_db

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}},
    },
}


def test_a_plain_call_is_answered_and_charged_exactly(relay: Relay) -> None:
    reply = relay.chat("one two three")

    # 3 words in at 2 credits a million, "You said: one two three" is 5 out at 8: 46 millionths
    assert (reply.status, reply.text) == (200, "You said: one two three")
    assert reply.headers["x-sluice-cost"] == "0.000046"
    assert reply.headers["x-sluice-balance"] == "99.999954"
    assert (relay.spent_nanos, relay.held_nanos) == (46_000, 0)


def test_the_log_says_what_the_ledger_took(relay: Relay) -> None:
    reply = relay.chat("one two three")

    record = relay.record
    assert (record.input_tokens, record.output_tokens, record.charge_nanos) == (3, 5, 46_000)
    assert (record.status, record.streamed, record.estimated, record.error_code) == (200, False, False, "")
    assert (record.model_code, record.endpoint, record.access_group) == ("chat-model", "chat.completions", "default")
    assert reply.headers["x-request-id"].startswith("req_")


def test_a_stream_costs_what_a_plain_call_costs(relay: Relay) -> None:
    reply = relay.chat("one two three", stream=True)

    assert reply.headers["content-type"].startswith("text/event-stream")
    assert reply.text == "You said: one two three"
    assert reply.events[-1] == "[DONE]"
    assert (relay.record.charge_nanos, relay.record.streamed) == (46_000, True)
    assert relay.record.first_byte_ms is not None


def test_usage_goes_only_to_streams_that_asked_for_it(relay: Relay) -> None:
    silent = relay.chat(stream=True)
    telling = relay.chat(stream=True, stream_options={"include_usage": True})

    assert not any(event.get("usage") for event in silent.events[:-1])
    assert all(event["choices"] for event in silent.events[:-1])
    assert telling.events[-2]["usage"] == {
        "prompt_tokens": 2,
        "completion_tokens": 4,
        "total_tokens": 6,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def test_choices_are_all_charged(relay: Relay) -> None:
    reply = relay.chat("hi", n=3)

    # "You said: hi" is three words, three times
    assert len(reply.json["choices"]) == 3
    assert relay.record.output_tokens == 9


@pytest.mark.parametrize("stream", [False, True])
def test_tools_are_called_and_their_answers_answered(relay: Relay, stream: bool) -> None:
    first = relay.chat("weather in Oslo?", tools=[WEATHER], stream=stream)
    if stream:
        deltas = [event["choices"][0]["delta"] for event in first.events[:-1]]
        calls = [delta["tool_calls"][0] for delta in deltas if "tool_calls" in delta]
        name, arguments = calls[0]["function"]["name"], "".join(call["function"]["arguments"] for call in calls)
    else:
        call = first.json["choices"][0]["message"]["tool_calls"][0]["function"]
        name, arguments = call["name"], call["arguments"]
    assert (name, json.loads(arguments)) == ("weather", {"city": "sandbox", "days": 1})

    messages = [{"role": "user", "content": "weather?"}, {"role": "tool", "tool_call_id": "c", "content": "sunny"}]
    second = relay.chat(messages=messages, tools=[WEATHER])
    assert second.json["choices"][0]["finish_reason"] == "stop"


def test_a_json_schema_is_followed(relay: Relay) -> None:
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}, "kind": {"enum": ["a", "b"]}}}

    reply = relay.chat(response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}})

    assert json.loads(reply.text) == {"ok": True, "kind": "a"}


def test_image_parts_go_through(relay: Relay) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    content = [{"type": "text", "text": "what is this"}, image]

    reply = relay.chat(messages=[{"role": "user", "content": content}])

    assert reply.text == "You said: what is this"


def test_the_same_question_has_the_same_answer(relay: Relay) -> None:
    assert relay.chat("again").body == relay.chat("again").body


def test_completions_write_on(relay: Relay) -> None:
    reply = relay.post("/v1/completions", {"model": "chat-model", "prompt": ["one", "two three"], "max_tokens": 3})

    assert [choice["text"] for choice in reply.json["choices"]] == ["You said: one", "You said: two"]
    assert (relay.record.input_tokens, relay.record.output_tokens) == (3, 6)
    assert relay.record.endpoint == "completions"


def test_completions_stream(relay: Relay) -> None:
    reply = relay.post("/v1/completions", {"model": "chat-model", "prompt": "one", "stream": True})

    assert "".join(event["choices"][0]["text"] for event in reply.events[:-1]) == "You said: one"
    assert relay.record.charge_nanos == 1 * 2_000 + 3 * 8_000


def test_embeddings_come_as_floats_or_base64_of_any_size(relay: Relay) -> None:
    ask = {"model": "acme/embedder", "input": ["one two", "three"], "dimensions": 4}

    floats = relay.post("/v1/embeddings", {**ask, "encoding_format": "float"}).json
    packed = relay.post("/v1/embeddings", {**ask, "encoding_format": "base64"}).json

    vector = floats["data"][0]["embedding"]
    assert len(vector) == 4
    assert struct.pack("<4f", *vector) == base64.b64decode(packed["data"][0]["embedding"])
    # three words at 1 credit a million
    assert [record.charge_nanos for record in relay.records] == [3_000, 3_000]


def test_a_fixed_price_is_charged_whatever_was_said(relay: Relay) -> None:
    relay.chat("a b c d", model="fixed-model")

    assert relay.record.charge_nanos == 500_000_000


def test_models_are_listed_that_the_token_may_use(relay: Relay) -> None:
    listed = relay.get("/v1/models").json

    assert listed["object"] == "list"
    assert [m["id"] for m in listed["data"]] == [
        "acme/embedder",
        "chat-model",
        "dear-model",
        "fixed-model",
        "thinking-model",
    ]
    assert listed["data"][0]["owned_by"] == "acme"


def test_a_model_is_shown_by_its_id_slashes_included(relay: Relay) -> None:
    shown = relay.get("/v1/models/acme/embedder").json

    assert (shown["id"], shown["object"]) == ("acme/embedder", "model")
    assert isinstance(shown["created"], int)


def test_x_api_key_signs_too(relay: Relay) -> None:
    reply = relay.request("GET", "/v1/models", b"", authorization="", x_api_key=relay.secret)

    assert reply.status == 200


def test_a_token_limit_of_nothing_is_no_limit(relay: Relay) -> None:
    services.change_token(relay.token.pk, actor=None, at=clock.now(), limit_nanos=0)

    assert relay.chat("hi").headers["x-sluice-balance"] == "99.999974"


def test_a_capped_token_shows_what_it_can_still_spend(relay: Relay) -> None:
    services.change_token(relay.token.pk, actor=None, at=clock.now(), limit_nanos=1_000_000_000)

    # 1 credit, less 1 word in and 3 out: 26 millionths
    assert relay.chat("hi").headers["x-sluice-balance"] == "0.999974"
