"""A call may take an hour. Here it may take a third of a second: what it says then, and what it costs."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from uuid import UUID

import httpx
import pytest

from apps.relay import reservation, runtime
from apps.relay.transport import RawTransport
from apps.wallet.models import Hold
from apps.wallet.types import HoldRequest
from tests.doubles.upstream import UpstreamThread
from tests.relay.conftest import Relay, sse
from tests.relay.test_upstream_faults import FINISH, chunk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_third_of_a_second(relay: Relay) -> Iterator[None]:
    with runtime.use_runtime(replace(runtime.get_runtime(), call_seconds=0.3)):
        yield


def test_an_hour_is_what_a_call_may_take_and_its_hold_lasts_five_minutes_more() -> None:
    assert runtime.direct_runtime().call_seconds == reservation.CALL_SECONDS == 3_600
    assert HoldRequest(UUID(int=1), (1, 2), 0, 0).max_seconds == 3_600 + reservation.ENDING_SECONDS == 3_900


def test_a_stream_that_never_ends_is_cut_as_at_a_length_and_paid_as_delivered(relay: Relay) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            async for piece in sse(chunk(" word"), end=False):
                yield piece
            await asyncio.sleep(0.01)

    relay.answers(lambda request: httpx.Response(200, content=endless()))

    reply = relay.chat("hi", stream=True)

    assert reply.events[-1] == "[DONE]"
    assert reply.events[-2]["choices"][0]["finish_reason"] == "length"
    record = relay.record
    assert (record.status, record.error_code, record.estimated) == (504, "call_too_long", True)
    assert record.output_tokens == len(reply.text.split()) > 5
    assert relay.held_nanos == 0


def test_an_upstream_that_falls_silent_does_not_keep_a_call_beyond_its_time(relay: Relay) -> None:
    with UpstreamThread() as double:
        relay.upstreams["first"] = RawTransport(f"{double.url}/v1", allow_private=True)
        behave(double, chunks=10, hang_after=4)

        reply = relay.chat("hi", stream=True)

    assert [event["choices"][0]["finish_reason"] for event in reply.events[:-1]] == [None] * 4 + ["length"]
    assert relay.record.error_code == "call_too_long"


def test_a_plain_call_that_takes_too_long_is_504_costs_nothing_and_is_not_repeated(relay: Relay) -> None:
    with UpstreamThread() as double:
        relay.upstreams["first"] = RawTransport(f"{double.url}/v1", allow_private=True)
        behave(double, hang_after=0)

        reply = relay.chat("hi")

    assert (reply.status, reply.error["code"]) == (504, "call_too_long")
    assert reply.headers["x-should-retry"] == "false"
    assert (relay.record.status, relay.record.charge_nanos, relay.held_nanos) == (504, 0, 0)


def test_a_drained_call_ends_with_its_time_too(relay: Relay) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            async for piece in sse(chunk(" word"), end=False):
                yield piece
            await asyncio.sleep(0.01)

    relay.answers(lambda request: httpx.Response(200, content=endless()))

    relay.leave_after(1, model="thinking-model")

    assert (relay.record.status, relay.record.estimated) == (499, True)
    assert relay.record.output_tokens > 5
    assert not Hold.objects.exists()


def test_a_call_that_ends_in_time_hears_nothing_of_it(relay: Relay) -> None:
    async def quick() -> AsyncIterator[bytes]:
        async for piece in sse(chunk("one"), FINISH):
            yield piece

    relay.answers(lambda request: httpx.Response(200, content=quick()))

    assert relay.chat("hi", stream=True).events[-1] == "[DONE]"
    assert (relay.record.status, relay.record.error_code) == (200, "")


def behave(double: UpstreamThread, **words: int) -> None:
    httpx.post(f"{double.url}/_behave", json=words, trust_env=False).raise_for_status()
