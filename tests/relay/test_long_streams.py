"""The hold of a stream grows with it; a stream whose money runs out ends, and what was delivered is paid."""

import json
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async

from apps.core import clock
from apps.journal.models import OperatorAlert
from apps.relay import services
from apps.wallet import services as wallet
from apps.wallet.models import Hold
from tests.relay.conftest import Relay, sse
from tests.relay.test_upstream_faults import FINISH, chunk

pytestmark = pytest.mark.django_db

STEP_NANOS = 4_096 * 8_000


def writing(words: int, told: bool = True) -> Any:
    """An upstream that writes so many words, one an event."""
    usage = {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": words}}
    events = [chunk(" word")] * words + [FINISH] + ([usage] if told else [])
    return lambda request: streamed(events)


def streamed(events: Any) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=sse(*events))


def limit(relay: Relay, nanos: int) -> None:
    services.change_token(relay.token.pk, actor=None, at=clock.now(), limit_nanos=nanos)


def test_a_stream_may_cost_more_than_its_first_step(relay: Relay) -> None:
    relay.answers(writing(6_000))

    reply = relay.chat("hi", stream=True)

    assert reply.events[-1] == "[DONE]"
    assert relay.record.charge_nanos == 10 * 2_000 + 6_000 * 8_000
    assert relay.held_nanos == 0


def test_a_stream_begins_although_its_bound_could_not_be_paid(relay: Relay) -> None:
    # the step of 4,096 tokens out is 0.0328 credits; the bound of 16,384 would be 0.1311
    limit(relay, 50_000_000)

    assert relay.chat("hi").status == 402
    assert relay.chat("hi", stream=True).status == 200


def test_a_stream_whose_money_runs_out_ends_as_at_a_length_and_is_paid_as_delivered(relay: Relay) -> None:
    limit(relay, STEP_NANOS + 1_000_000)
    relay.answers(writing(16_000, told=False))

    reply = relay.chat("hi", stream=True)

    assert reply.events[-1] == "[DONE]"
    assert reply.events[-2]["choices"] == [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "length"}]
    record = relay.record
    assert (record.status, record.error_code, record.estimated) == (402, "insufficient_quota", True)
    assert record.output_tokens == len(reply.text.split())
    assert record.charge_nanos == record.input_tokens * 2_000 + record.output_tokens * 8_000
    assert relay.held_nanos == 0


def test_a_stream_is_cut_where_the_money_ends_and_not_a_step_before(relay: Relay) -> None:
    # 88 bytes in one message hold 88 + 16 + 64 tokens of input; beside them and the step, 10,000,000 hold 1,250 more
    limit(relay, STEP_NANOS + 168 * 2_000 + 10_000_000)
    relay.answers(writing(16_000, told=False))

    reply = relay.chat("hi", stream=True)

    assert len(reply.text.split()) == 4_096 + 1_250


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_paragraphs_of_equal_size_are_cut_where_the_money_ends(relay: Relay, line_end: bytes) -> None:
    limit(relay, STEP_NANOS + 1_000_000)
    paragraph = b"data: " + json.dumps(chunk(" word" * 80)).encode() + line_end * 2
    headers = {"content-type": "text/event-stream"}
    relay.answers(lambda request: httpx.Response(200, headers=headers, content=paragraph * 2_000))

    reply = relay.chat("hi", stream=True)

    assert len(reply.text.split()) <= 4_300
    assert relay.record.output_tokens >= 2_400


def test_the_usage_of_a_cut_stream_comes_when_it_was_asked_for(relay: Relay) -> None:
    limit(relay, STEP_NANOS + 1_000_000)
    relay.answers(writing(16_000, told=False))

    reply = relay.chat("hi", stream=True, stream_options={"include_usage": True})

    *_, finish, usage, done = reply.events
    assert (finish["choices"][0]["finish_reason"], usage["choices"], done) == ("length", [], "[DONE]")
    record = relay.record
    assert usage["usage"]["prompt_tokens"] == record.input_tokens
    assert usage["usage"]["completion_tokens"] == record.output_tokens
    assert usage["usage"]["total_tokens"] == record.input_tokens + record.output_tokens


def test_a_cut_stream_of_a_custom_tool_is_paid_as_delivered(relay: Relay) -> None:
    limit(relay, STEP_NANOS + 3_000_000)
    written = {"index": 0, "delta": {"tool_calls": [{"index": 0, "custom": {"input": " word"}}]}}
    relay.answers(lambda request: streamed([{"choices": [written]}] * 16_000))
    tool = {"type": "custom", "custom": {"name": "notes"}}

    *delivered, _, _ = relay.chat("hi", stream=True, tools=[tool]).events

    record = relay.record
    assert record.output_tokens == len(delivered)
    assert record.charge_nanos == record.input_tokens * 2_000 + len(delivered) * 8_000


def test_the_last_events_of_a_cut_stream_look_like_those_before(relay: Relay) -> None:
    limit(relay, STEP_NANOS + 1_000_000)
    head = {"id": "chatcmpl-7", "object": "chat.completion.chunk", "created": 1_763_000_000, "model": "upstream-7"}
    relay.answers(lambda request: streamed([{**head, **chunk(" word")}] * 16_000))

    finish = relay.chat("hi", stream=True).events[-2]

    assert {name: finish[name] for name in head} == head


def test_a_cut_completion_ends_with_a_text(relay: Relay) -> None:
    limit(relay, STEP_NANOS + 1_000_000)
    word = {"object": "text_completion", "choices": [{"index": 0, "text": " word", "finish_reason": None}]}
    relay.answers(lambda request: streamed([word] * 16_000))
    asked = {"model": "chat-model", "prompt": "hi", "stream": True, "max_tokens": 16_000}

    *_, finish, done = relay.post("/v1/completions", asked).events

    assert finish["choices"] == [{"index": 0, "text": "", "logprobs": None, "finish_reason": "length"}]
    assert done == "[DONE]"


def test_only_choices_that_have_not_ended_end_at_the_cut(relay: Relay) -> None:
    limit(relay, 2 * STEP_NANOS + 1_000_000)
    second = {"index": 1, "delta": {"content": " word"}, "finish_reason": None}
    relay.answers(lambda request: streamed([chunk("one"), FINISH, *[{"choices": [second]}] * 16_000]))

    reply = relay.chat("hi", stream=True, n=2)

    assert [choice["index"] for choice in reply.events[-2]["choices"]] == [1]


def test_what_comes_at_once_beyond_the_hold_is_neither_delivered_nor_charged(relay: Relay) -> None:
    limit(relay, STEP_NANOS + 1_000_000)

    async def in_one_piece() -> Any:
        yield b"".join([piece async for piece in sse(*[chunk(" word")] * 16_000)])

    relay.answers(lambda request: httpx.Response(200, content=in_one_piece()))

    reply = relay.chat("hi", stream=True)

    assert reply.events[-1] == "[DONE]"
    assert relay.record.output_tokens == len(reply.text.split())
    assert 4_096 <= relay.record.output_tokens <= 4_096 + 1_000_000 // 8_000
    assert relay.record.charge_nanos <= STEP_NANOS + 1_000_000


def test_a_stream_goes_on_when_money_came_while_its_last_tokens_ran(relay: Relay) -> None:
    limit(relay, STEP_NANOS + 1_000_000)

    async def raised_on_the_way() -> Any:
        async for piece in sse(*[chunk(" word")] * 3_000, end=False):
            yield piece
        await sync_to_async(limit, thread_sensitive=True)(relay, 0)
        async for piece in sse(*[chunk(" word")] * 3_000, FINISH):
            yield piece

    relay.answers(lambda request: httpx.Response(200, content=raised_on_the_way()))

    reply = relay.chat("hi", stream=True)

    assert (len(reply.text.split()), relay.record.status) == (6_000, 200)


def test_a_stream_whose_hold_is_gone_ends_with_an_error_and_is_paid_as_delivered(relay: Relay) -> None:
    relay.answers(writing(16_000, told=False))

    def expire() -> None:
        wallet.void_hold(Hold.objects.values_list("pk", flat=True).get())

    reply = relay.during_a_stream(expire, "hi")

    assert reply.events[-1]["error"]["code"] == "internal_error"
    assert "[DONE]" not in reply.events
    record = relay.record
    assert (record.status, record.estimated) == (500, True)
    assert 2_000 < record.output_tokens < 6_000
    assert record.charge_nanos == record.input_tokens * 2_000 + record.output_tokens * 8_000
    assert relay.held_nanos == 0


def test_a_key_deleted_while_it_streams_finishes_its_call_and_makes_no_other(relay: Relay) -> None:
    async def pieces() -> Any:
        async for piece in sse(chunk("one"), chunk(" two"), FINISH, end=True):
            yield piece

    relay.answers(lambda request: httpx.Response(200, headers={"content-type": "text/event-stream"}, content=pieces()))

    def delete() -> None:
        services.delete_token(relay.token.pk, actor=None, at=clock.now())

    reply = relay.during_a_stream(delete, "hi there")

    assert reply.text == "one two"
    assert reply.events[-1] == "[DONE]"
    assert relay.record.charge_nanos > 0
    assert relay.chat("hi").status == 401


def test_a_call_beyond_the_concurrency_is_429_until_one_ends(relay: Relay) -> None:
    services.change_token(relay.token.pk, actor=None, at=clock.now(), concurrency=1)
    refused = []

    relay.during_a_stream(lambda: refused.append(relay.chat("hi")), "hi there")

    assert (refused[0].status, refused[0].error["limit_type"]) == (429, "concurrency")
    assert "retry-after" in refused[0].headers
    assert relay.chat("hi").status == 200


def test_an_upstream_that_writes_far_past_its_limit_is_held_for_and_ends_where_the_money_does(relay: Relay) -> None:
    limit(relay, 1_000_000)  # 125 tokens out
    relay.answers(writing(5_000, told=False))

    reply = relay.chat("hi", stream=True, max_tokens=5)

    delivered = sum(" word" in str(event) for event in reply.events)
    assert reply.events[-1] == "[DONE]"
    assert delivered <= 125
    assert relay.record.charge_nanos <= 1_000_000
    assert not OperatorAlert.objects.filter(kind="ledger-loss").exists()
