"""A caller who hangs up is no free rider: input is charged, and output as far as it came or was billed to us."""

from typing import Any

import httpx
import pytest

from apps.relay.models import Channel
from tests.relay.conftest import Relay, sse
from tests.relay.test_upstream_faults import FINISH, chunk

pytestmark = pytest.mark.django_db

USAGE = {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 300}}


class Upstream:
    """Streams three words, then what it used; remembers how far it was read."""

    def __init__(self) -> None:
        self.sent = 0

    async def pieces(self) -> Any:
        async for piece in sse(chunk("one"), chunk(" two"), chunk(" three"), FINISH, USAGE):
            self.sent += 1
            yield piece

    def __call__(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=self.pieces())


def test_a_visible_stream_is_closed_at_once_and_charged_as_counted(relay: Relay) -> None:
    upstream = Upstream()
    relay.answers(upstream)

    relay.leave_after(2, "hello world")

    record = relay.record
    assert (record.status, record.estimated) == (499, True)
    assert (record.input_tokens, record.output_tokens) == (9, 2)
    assert upstream.sent == 2
    assert relay.held_nanos == 0


def test_who_leaves_before_reading_anything_still_pays_the_input(relay: Relay) -> None:
    relay.answers(Upstream())

    relay.leave_after(0, "hello world")

    assert (relay.record.status, relay.record.input_tokens) == (499, 9)
    assert relay.held_nanos == 0


def test_a_model_that_hides_its_output_is_read_to_the_end_and_charged_by_usage(relay: Relay) -> None:
    upstream = Upstream()
    relay.answers(upstream)

    relay.leave_after(1, model="thinking-model")

    record = relay.record
    assert (record.status, record.input_tokens, record.output_tokens, record.estimated) == (499, 10, 300, False)
    assert upstream.sent == 6


def test_an_upstream_that_bills_after_a_cancel_is_read_to_the_end(relay: Relay) -> None:
    Channel.objects.update(bills_after_cancel=True)
    relay.answers(Upstream())

    relay.leave_after(1)

    assert (relay.record.output_tokens, relay.record.estimated) == (300, False)


def test_who_leaves_after_the_end_has_paid_once(relay: Relay) -> None:
    relay.answers(Upstream())

    relay.leave_after(5)

    assert (relay.record.status, relay.record.output_tokens) == (200, 300)
