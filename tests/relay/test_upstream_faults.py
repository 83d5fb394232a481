"""What becomes of a call whose upstream fails: another channel, a clear error, and only what was delivered is paid."""

import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from apps.relay import call_log
from tests.relay.conftest import Relay, sse

pytestmark = pytest.mark.django_db

ANSWER: dict[str, Any] = {
    "id": "x",
    "object": "chat.completion",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello world"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12},
}


def chunk(content: str, **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": None, **more}], "usage": None}


FINISH = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": None}
USAGE = {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 2}}


def whole(body: dict[str, Any], status: int = 200) -> Any:
    return lambda request: httpx.Response(status, json=body)


def failing(status: int, code: str = "", message: str = "your prompt was: canary") -> Any:
    return whole({"error": {"message": message, "type": "invalid_request_error", "code": code}}, status)


def streaming(*events: object, end: bool = True) -> Any:
    return lambda request: httpx.Response(
        200, headers={"content-type": "text/event-stream"}, content=sse(*events, end=end)
    )


async def cut(*events: object) -> AsyncIterator[bytes]:
    async for piece in sse(*events, end=False):
        yield piece
    raise httpx.ReadError("cut")


def cutting(*events: object) -> Any:
    return lambda request: httpx.Response(200, headers={"content-type": "text/event-stream"}, content=cut(*events))


def refusing(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


@pytest.mark.parametrize(
    "handler",
    [refusing, failing(500), failing(503), failing(429), failing(401, "invalid_api_key"), failing(404), whole([])],  # type: ignore[arg-type]
    ids=["connect", "500", "503", "429", "401", "404", "no-object"],
)
@pytest.mark.parametrize("stream", [False, True])
def test_the_next_channel_is_asked_when_one_fails_before_its_first_byte(
    relay: Relay, handler: Any, stream: bool
) -> None:
    relay.answers(handler, channel="first")

    reply = relay.chat("hi", stream=stream)

    assert (reply.status, reply.text) == (200, "You said: hi")
    assert relay.record.charge_nanos == 26_000


@pytest.mark.parametrize(
    ("handler", "status", "code"),
    [
        (refusing, 503, "upstream_unavailable"),
        (failing(500), 502, "upstream_error"),
        (failing(401), 503, "upstream_unavailable"),
        (failing(402), 503, "upstream_unavailable"),
        (failing(403), 503, "upstream_unavailable"),
        (failing(429), 429, "rate_limit_exceeded"),
        (failing(408), 504, "upstream_timeout"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_when_all_channels_fail_the_hold_is_gone_and_nothing_is_charged(
    relay: Relay, handler: Any, status: int, code: str, stream: bool
) -> None:
    relay.answers(handler, channel="first")
    relay.answers(handler, channel="second")

    reply = relay.chat("hi", stream=stream)

    assert (reply.status, reply.error["code"]) == (status, code)
    assert "canary" not in reply.body.decode()
    assert (relay.record.status, relay.record.error_code, relay.record.charge_nanos) == (status, code, 0)
    relay.assert_nothing_happened()


def test_the_callers_mistake_goes_to_no_second_channel_and_into_no_log(
    relay: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    relay.answers(failing(400, "context_length_exceeded"))

    reply = relay.chat("hi")

    assert (reply.status, reply.error["code"]) == (400, "context_length_exceeded")
    assert reply.error["message"] == "your prompt was: canary"
    assert "canary" not in caplog.text
    relay.assert_nothing_happened()


def test_a_code_that_an_upstream_made_up_is_passed_on_but_not_written_down(
    relay: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    relay.answers(failing(400, "canary_is_not_allowed"))

    reply = relay.chat("hi")
    call_log.flush()

    assert reply.error["code"] == "canary_is_not_allowed"
    assert relay.record.error_code == "upstream_refusal"
    assert "error=upstream_refusal" in caplog.text
    assert "canary" not in caplog.text


def test_an_answer_without_usage_is_counted_here(relay: Relay) -> None:
    relay.answers(whole({key: value for key, value in ANSWER.items() if key != "usage"}))

    relay.chat("hello world")

    # 3 + (3 + 1 + 2) tokens in, "hello world" is 2 out
    record = relay.record
    assert (record.input_tokens, record.output_tokens, record.estimated) == (9, 2, True)
    assert record.charge_nanos == 9 * 2_000 + 2 * 8_000


def test_a_stream_without_usage_is_counted_here(relay: Relay) -> None:
    relay.answers(streaming(chunk("hello"), chunk(" world"), FINISH))

    reply = relay.chat("hello world", stream=True)

    assert reply.events[-1] == "[DONE]"
    assert (relay.record.input_tokens, relay.record.output_tokens, relay.record.estimated) == (9, 2, True)


def test_usage_of_nothing_is_not_believed_when_something_was_written(relay: Relay) -> None:
    relay.answers(
        streaming(chunk("hello"), FINISH, {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 0}})
    )

    relay.chat("hi", stream=True)

    assert (relay.record.input_tokens, relay.record.output_tokens, relay.record.estimated) == (10, 1, True)


def test_an_upstream_that_sends_no_end_mark_but_says_stop_has_finished(relay: Relay) -> None:
    relay.answers(streaming(chunk("hello"), FINISH, USAGE, end=False))

    reply = relay.chat("hi", stream=True)

    assert reply.events[-1] == "[DONE]"
    assert relay.record.status == 200


@pytest.mark.parametrize(
    "handler", [cutting(chunk("hello"), chunk(" world")), streaming(chunk("hello"), chunk(" world"), end=False)]
)
def test_a_stream_that_breaks_off_is_charged_as_delivered_and_has_no_end_mark(relay: Relay, handler: Any) -> None:
    relay.answers(handler)

    reply = relay.chat("hello world", stream=True)

    assert reply.text == "hello world"
    assert reply.events[-1]["error"]["code"] == "upstream_error"
    assert "[DONE]" not in reply.events
    record = relay.record
    assert (record.status, record.error_code, record.output_tokens, record.estimated) == (
        502,
        "upstream_error",
        2,
        True,
    )
    assert relay.held_nanos == 0


def test_an_error_in_the_middle_ends_the_stream_without_quoting_it(relay: Relay) -> None:
    relay.answers(streaming(chunk("hello"), {"error": {"message": "key sk-upstream is over its quota"}}))

    reply = relay.chat("hi", stream=True)

    assert reply.events[-1]["error"]["code"] == "upstream_error"
    assert b"sk-upstream" not in reply.body


def test_a_stream_that_breaks_before_any_text_is_free(relay: Relay) -> None:
    relay.answers(cutting({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}))

    relay.chat("hi", stream=True)

    assert (relay.record.status, relay.record.charge_nanos) == (502, 0)


def test_an_error_as_the_first_event_counts_as_no_answer(relay: Relay) -> None:
    relay.answers(streaming({"error": {"message": "overloaded", "code": "server_error"}}))

    reply = relay.chat("hi", stream=True)

    assert reply.text == "You said: hi"


def test_the_upstream_gets_our_name_of_the_model_and_our_key_only(relay: Relay) -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=ANSWER)

    relay.answers(handler)
    relay.chat("hi", odd_field={"kept": [1, 2]}, max_tokens=99_999)

    sent = json.loads(seen[0].content)
    assert (sent["model"], sent["odd_field"], sent["max_tokens"]) == ("upstream-chat-model", {"kept": [1, 2]}, 16_384)
    assert relay.secret not in str(seen[0].headers)


def test_an_answer_goes_through_byte_for_byte(relay: Relay) -> None:
    body = b'{ "choices" : [], "odd": 1.50e1, "usage": {"prompt_tokens": 3, "completion_tokens": 1} }'
    relay.answers(lambda request: httpx.Response(200, content=body))

    assert relay.chat("hi").body == body
