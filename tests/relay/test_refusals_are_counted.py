"""Refused calls of known tokens are counted by minute, token, model and status, and have no record."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.core import clock
from apps.relay import runtime, services
from apps.relay.refusals import MOST_KINDS, RefusalCounter
from apps.usage import queries as usage
from apps.usage import services as usage_services
from apps.usage.types import Refused
from tests.relay.conftest import Relay
from tests.relay.test_upstream_faults import failing

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def counted(relay: Relay) -> list[tuple[str, int, int]]:
    """Model, status and number of what was counted for the token, once it is in the minutes."""
    usage_services.add_refusals(runtime.get_runtime().refusals.drain())
    at = clock.now()
    minutes = usage.calls_by_minute(relay.team.id, at - timedelta(minutes=5), at + timedelta(minutes=1))
    assert {minute.token_id for minute in minutes} <= {relay.token.pk}
    return sorted((minute.model_code, minute.status, minute.refused) for minute in minutes)


def change(relay: Relay, **terms: object) -> None:
    services.change_token(relay.token.pk, actor=None, at=clock.now(), **terms)


def test_a_model_that_nobody_knows_is_counted_without_its_name(relay: Relay) -> None:
    assert relay.chat(model="what is the capital of France?").status == 404

    assert counted(relay) == [("", 404, 1)]


def test_a_model_of_others_is_counted_like_one_that_nobody_knows(relay: Relay) -> None:
    assert relay.chat(model="secret-model").status == 404

    assert counted(relay) == [("", 404, 1)]


def test_a_request_that_cannot_be_read_is_counted_without_a_model(relay: Relay) -> None:
    assert relay.post("/v1/chat/completions", b"{").status == 400

    assert counted(relay) == [("", 400, 1)]


def test_a_wish_without_a_price_is_counted_for_its_model(relay: Relay) -> None:
    assert relay.chat(service_tier="flex").status == 400

    assert counted(relay) == [("chat-model", 400, 1)]


def test_a_call_without_money_is_counted_for_its_model(relay: Relay) -> None:
    change(relay, limit_nanos=1)

    assert [relay.chat(model="fixed-model").status for _ in range(2)] == [402, 402]

    assert sum(number for model, status, number in counted(relay) if (model, status) == ("fixed-model", 402)) == 2


def test_calls_over_the_rate_are_counted_beside_those_within(relay: Relay) -> None:
    change(relay, rpm=1)

    statuses = [relay.chat("hi").status for _ in range(4)]

    assert statuses.count(429) >= 2
    assert sum(number for _, _, number in counted(relay)) == statuses.count(429)
    assert len(relay.records) == statuses.count(200)


def test_a_disabled_token_is_counted_and_an_unknown_one_has_no_team_to_count_for(relay: Relay) -> None:
    services.disable_token(relay.token.pk, actor=None, at=clock.now())
    assert relay.chat().status == 401
    assert relay.request("POST", "/v1/chat/completions", b"{}", authorization="Bearer sk-unknown").status == 401

    assert counted(relay) == [("", 401, 1)]


def test_calls_that_reached_the_upstream_have_records_instead(relay: Relay) -> None:
    assert relay.chat().status == 200
    relay.answers(failing(400, "invalid_value"))
    assert relay.chat().status == 400

    assert counted(relay) == []
    assert [record.status for record in relay.records] == [200, 400]


def test_the_figures_of_the_day_know_the_refused_calls(relay: Relay) -> None:
    relay.chat(model="no-such-model")
    relay.post("/v1/embeddings", {"model": "no-such-model", "input": "hi"})
    counted(relay)

    figures = usage.figures_today(relay.team.id, at=clock.now())

    assert (figures.calls, figures.refused) == (0, 2)


def test_a_minute_is_counted_together() -> None:
    counter = RefusalCounter()

    for second in (0, 1, 59, 60):
        at = NOON + timedelta(seconds=second)
        counter.add(at=at, team_id=1, token_id=3, model_code="m", status=429)

    first, second = Refused(NOON, 1, 3, "m", 429), Refused(NOON + timedelta(minutes=1), 1, 3, "m", 429)
    assert counter.drain() == {first: 3, second: 1}
    assert not counter.drain()


def test_the_counter_stays_small_however_many_kinds_there_are() -> None:
    counter = RefusalCounter()

    for n in range(MOST_KINDS + 5):
        counter.add(at=NOON, team_id=1, token_id=3, model_code=f"m{n}", status=403)

    counts = counter.drain()
    assert len(counts) == MOST_KINDS + 1
    assert counts[Refused(NOON, 1, 3, "", 403)] == 5
