"""The hold of a stream grows with it; a stream whose money runs out ends, and what was delivered is paid."""

from typing import Any

import httpx
import pytest

from apps.core import clock
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
    return lambda request: httpx.Response(200, headers={"content-type": "text/event-stream"}, content=sse(*events))


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


def test_a_stream_whose_money_runs_out_ends_with_an_error_and_is_paid_as_delivered(relay: Relay) -> None:
    limit(relay, STEP_NANOS + 1_000_000)
    relay.answers(writing(16_000, told=False))

    reply = relay.chat("hi", stream=True)

    assert reply.events[-1]["error"]["code"] == "insufficient_quota"
    assert "[DONE]" not in reply.events
    record = relay.record
    assert (record.status, record.error_code, record.estimated) == (402, "insufficient_quota", True)
    assert 4_000 < record.output_tokens < 6_000
    assert record.charge_nanos <= STEP_NANOS + 1_000_000
    assert relay.held_nanos == 0


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
