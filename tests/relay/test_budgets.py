"""Calls count on the budget of whoever made their token, and on their team's: each refuses in its own name."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.core import clock
from apps.core.money import NANOS_PER_CREDIT
from apps.relay import queries
from apps.relay.models import ApiToken
from apps.teams import queries as team_queries
from apps.teams import services as teams
from apps.teams.models import Membership
from apps.wallet import queries as wallet
from tests.cast import add_member, make_team, make_token
from tests.relay.conftest import Relay, Reply
from tests.relay.test_long_streams import writing
from tests.wallet.purses import LedgerClock

pytestmark = pytest.mark.django_db

CALL = {"model": "fixed-model", "messages": [{"role": "user", "content": "hello"}]}
"""Costs 0.5 credits, whatever it says."""


def caller(relay: Relay, person: User) -> Relay:
    """The relay, called with a token that this person made in Acme."""
    token, secret = make_token(replace(relay.team, user_id=person.pk), f"of {person.pk}")
    return replace(relay, token=token, secret=secret)


def call(relay: Relay) -> Reply:
    return relay.post("/v1/chat/completions", CALL)


def bound(relay: Relay, person: User, credits: int | None, refill: str = "") -> None:  # noqa: A002
    nanos = None if credits is None else credits * NANOS_PER_CREDIT
    teams.set_member_budget(relay.team, person.pk, limit_nanos=nanos, refill=refill, at=clock.now())


def bound_all(relay: Relay, nanos: int | None, refill: str = "") -> None:
    teams.set_team_budget(relay.team, limit_nanos=nanos, refill=refill, at=clock.now())


def used(relay: Relay, person: User) -> int:
    account = team_queries.member_budget_accounts({(relay.team.id, person.pk)})[relay.team.id, person.pk]
    return wallet.limit_use([account])[account].used_nanos


def test_a_member_stops_at_the_end_of_the_budget_while_others_go_on_until_it_is_refilled(
    relay: Relay, ledger_clock: LedgerClock
) -> None:
    bob, cleo = add_member(relay.team, "developer"), add_member(relay.team, "developer")
    bobs, cleos = caller(relay, bob), caller(relay, cleo)
    bound(relay, bob, 1, "monthly")

    assert [call(bobs).status, call(bobs).status] == [200, 200]
    refused = call(bobs)
    assert (refused.status, refused.error["scope"], refused.error["have"]) == (402, "member", "0")
    assert call(cleos).status == 200

    bound_all(relay, 2 * NANOS_PER_CREDIT, "monthly")
    assert [call(cleos).status for _ in range(4)] == [200] * 4
    stopped = call(cleos)
    assert (stopped.status, stopped.error["scope"]) == (402, "team")
    assert call(relay).status == 402

    ledger_clock.forward(days=32)
    assert [call(bobs).status, call(cleos).status, call(relay).status] == [200, 200, 200]
    assert used(relay, bob) == NANOS_PER_CREDIT // 2


def test_a_refusal_names_the_member_budget_what_is_left_and_when_it_is_refilled(relay: Relay) -> None:
    bob = add_member(relay.team, "developer")
    bound(relay, bob, 1, "weekly")
    bobs = caller(relay, bob)
    call(bobs)

    with time_machine.travel(datetime(2030, 1, 2, 5, tzinfo=UTC), tick=False):  # a Wednesday in Shanghai
        error = bobs.post("/v1/chat/completions", {**CALL, "model": "dear-model"}).error

    assert (error["code"], error["scope"], error["have"]) == ("insufficient_quota", "member", "0.5")
    assert "The member budget of whoever made this API key leaves 0.5" in error["message"]
    assert "(weekly, next at 2030-01-06T16:00:00Z)" in error["message"]
    assert error["refilled_at"] == "2030-01-06T16:00:00+00:00"


def test_a_refusal_names_the_team_budget_and_no_refill_where_there_is_none(relay: Relay) -> None:
    bound_all(relay, NANOS_PER_CREDIT // 4)

    error = call(relay).error

    assert (error["scope"], error["have"], error["refilled_at"]) == ("team", "0.25", None)
    assert "The team budget leaves 0.25: ask the team's admins for a higher budget." in error["message"]


def test_a_stream_ends_where_the_budget_does(relay: Relay) -> None:
    bob = add_member(relay.team, "developer")
    bobs = caller(relay, bob)
    teams.set_member_budget(relay.team, bob.pk, limit_nanos=40_000_000, refill="", at=clock.now())
    bobs.answers(writing(16_000, told=False))

    # 4,096 tokens out at 8 a million are 0.033: the first step fits, its whole bound does not
    reply = bobs.chat("hi", stream=True)

    assert reply.events[-2]["choices"][0]["finish_reason"] == "length"
    assert relay.record.error_code == "insufficient_quota"
    assert 33_000_000 < used(relay, bob) <= 40_000_000


def test_a_lifted_budget_counts_and_stops_nobody(relay: Relay) -> None:
    bob = add_member(relay.team, "developer")
    bound(relay, bob, 0)
    bobs = caller(relay, bob)
    assert call(bobs).status == 402

    bound(relay, bob, None)

    assert call(bobs).status == 200
    assert used(relay, bob) == NANOS_PER_CREDIT // 2


def test_a_budget_ends_with_its_membership(relay: Relay) -> None:
    bob = add_member(relay.team, "developer")
    bound(relay, bob, 0)
    bobs = caller(relay, bob)

    Membership.objects.filter(team_id=relay.team.id, user=bob).delete()

    assert call(bobs).status == 200


def test_a_budget_in_one_team_says_nothing_in_another(relay: Relay) -> None:
    bob = add_member(relay.team, "developer")
    bound(relay, bob, 0)
    other = make_team("Globex", owner=bob)

    _, secret = make_token(other)

    assert call(replace(relay, secret=secret)).status == 200


def test_the_accounts_of_a_call_are_its_token_its_maker_its_team_and_the_wallet(relay: Relay) -> None:
    bob = add_member(relay.team, "developer")
    bound(relay, bob, 1, "daily")
    bound_all(relay, NANOS_PER_CREDIT)
    token = caller(relay, bob).token

    (found,) = queries.tokens_by_digest([bytes(token.digest)]).values()

    account = team_queries.member_budget_accounts({(relay.team.id, bob.pk)})[relay.team.id, bob.pk]
    of_team = team_queries.team_budget_account(relay.team.id)
    assert found.accounts == (token.account_id, account, of_team, relay.team.wallet_id)
    assert [(budget.scope, budget.refill) for budget in found.budgets] == [("member", "daily"), ("team", "")]


def test_any_number_of_tokens_is_read_with_three_questions(relay: Relay) -> None:
    people = [add_member(relay.team, "developer") for _ in range(5)]
    for person in people:
        bound(relay, person, 1)
    digests = [bytes(caller(relay, person).token.digest) for person in people]

    with CaptureQueriesContext(connection) as asked:
        found = queries.tokens_by_digest(digests)

    assert sum(len(token.budgets) for token in found.values()) == 5
    assert len(asked) == 3


def test_a_token_that_nobody_made_has_the_teams_budget_alone(relay: Relay) -> None:
    bound_all(relay, NANOS_PER_CREDIT)

    (found,) = queries.tokens_by_digest([bytes(ApiToken.objects.get(pk=relay.token.pk).digest)]).values()

    assert [budget.scope for budget in found.budgets] == ["team"]
