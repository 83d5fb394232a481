"""What a call is told when its money does not fit: which limit, what it leaves, what helps. Each may say no."""

from dataclasses import replace

import pytest
from asgiref.sync import async_to_sync

from apps.core import clock
from apps.core.billing_calendar import next_refill_at
from apps.core.ids import uuid7
from apps.core.money import NANOS_PER_CREDIT
from apps.relay import quote, reservation, services, shortage, wire
from apps.relay.errors import InsufficientQuota
from apps.relay.types import Admission, BudgetSnapshot, Caller, Reservation, TeamSnapshot
from apps.wallet import queries
from apps.wallet import services as wallet
from apps.wallet.batching import LEDGER_ONLY, Direct
from apps.wallet.types import TASKS_OWNER, HoldAnswer, LimitKind, LotTerms, Mandate, Refusal
from tests.relay.conftest import Relay
from tests.relay.snapshots import AT, admission, token
from tests.relay.test_long_streams import writing

pytestmark = pytest.mark.django_db


def only_free_credit(relay: Relay, free: int) -> None:
    """Leaves so many nanocredits that nothing was paid for, beside 100 credits that were."""
    wallet.grant_lot(
        relay.team.wallet_id,
        Mandate("paid", "for a test", actor=None),
        amount_nanos=100 * NANOS_PER_CREDIT,
        source="purchase",
        terms=LotTerms(paid_minor=10_000, currency="CNY"),
    )
    (gift,) = [lot for lot in queries.lots_of(relay.team.wallet_id) if not lot.is_paid]
    taken = gift.remaining_nanos - free
    wallet.withdraw_lot(gift.lot_id, Mandate("taken", "for a test", actor=None), amount_nanos=taken)
    wallet.set_free_only(relay.team.wallet_id, is_on=True)


def test_a_call_beyond_the_free_credit_names_the_switch_and_how_to_turn_it_off(relay: Relay) -> None:
    only_free_credit(relay, 100_000_000)

    reply = relay.chat()

    assert (reply.status, reply.error["code"], reply.error["scope"]) == (402, "insufficient_quota", "account")
    assert (reply.error["have"], reply.headers["x-should-retry"]) == ("0.1", "false")
    assert "'Stop when free credit is used up'" in reply.error["message"]
    assert 'PATCH /api/wallet {"stop_when_free_is_used_up": false}' in reply.error["message"]
    assert f"lower max_tokens to {reply.error['max_tokens']}" in reply.error["message"]
    assert relay.chat(max_tokens=reply.error["max_tokens"] - 10).status == 200
    wallet.set_free_only(relay.team.wallet_id, is_on=False)
    assert relay.chat().status == 200


def test_a_stream_ends_where_the_free_credit_does_and_paid_credit_stays(relay: Relay) -> None:
    only_free_credit(relay, 40_000_000)
    relay.answers(writing(16_000, told=False))

    reply = relay.chat("hi", stream=True)

    assert reply.events[-2]["choices"][0]["finish_reason"] == "length"
    assert relay.record.error_code == "insufficient_quota"
    assert relay.record.charge_nanos <= 40_000_000
    (paid,) = [lot for lot in queries.lots_of(relay.team.wallet_id) if lot.is_paid]
    assert paid.remaining_nanos == 100 * NANOS_PER_CREDIT


def test_turning_the_switch_on_while_a_stream_runs_lets_it_use_its_hold_and_no_more(relay: Relay) -> None:
    only_free_credit(relay, 10_000_000)
    wallet.set_free_only(relay.team.wallet_id, is_on=False)
    relay.answers(writing(16_000, told=False))

    reply = relay.during_a_stream(lambda: wallet.set_free_only(relay.team.wallet_id, is_on=True), "hi")

    # its 4,096 tokens were held before; the free credit is less than that, so nothing more can be had
    assert reply.events[-2]["choices"][0]["finish_reason"] == "length"
    assert (relay.record.status, relay.record.output_tokens) == (402, 4_096)
    assert relay.held_nanos == 0


@pytest.mark.parametrize(
    ("account", "refusal", "scope", "words"),
    [
        (101, Refusal.FUNDS, "token", "The limit of this API key"),
        (201, Refusal.FUNDS, "member", "The member budget of whoever made this API key"),
        (202, Refusal.FUNDS, "project", "The project budget"),
        (203, Refusal.FUNDS, "team", "The team budget"),
        (100, Refusal.FUNDS, "account", "Your balance"),
        (300, Refusal.FREE, "account", "The free credit of your team"),
    ],
)
def test_each_limit_is_named_in_its_own_words(account: int, refusal: Refusal, scope: str, words: str) -> None:
    budgets = (BudgetSnapshot(201, "member"), BudgetSnapshot(202, "project"), BudgetSnapshot(203, "team"))
    refused = HoldAnswer(refusal, account, have_nanos=5, retry_after_ms=0)

    short = shortage.of(refused, token(budgets=budgets), at=AT)

    assert (short.scope, short.what) == (scope, words)


def test_a_call_holds_money_on_every_account_of_its_token_the_wallet_last() -> None:
    budgets = (BudgetSnapshot(201, "member"), BudgetSnapshot(202, "project"))

    assert token(budgets=budgets).accounts == (101, 201, 202, 100)
    assert token().accounts == (101, 100)


def test_a_refilled_limit_says_that_waiting_helps(relay: Relay) -> None:
    services.change_token(relay.token.pk, actor=None, at=clock.now(), limit_nanos=1_000, reset="daily")

    error = relay.chat().error

    assert "raise the limit of the key, or wait until it is refilled (daily, next at " in error["message"]
    assert error["refilled_at"] == next_refill_at("daily", at=clock.now()).isoformat()


def test_a_budget_of_the_token_is_held_on_and_refuses_in_its_own_name(relay: Relay) -> None:
    # 16,384 tokens out at 8 a million are 0.131 credits: the budget holds one such call and not two
    budget = wallet.open_limit(
        relay.team.wallet_id, kind=LimitKind.PROJECT, label="Shop", limit_nanos=NANOS_PER_CREDIT // 5
    )
    caller = token(
        account_id=relay.token.account_id,
        wallet_id=relay.team.wallet_id,
        budgets=(BudgetSnapshot(budget, "project"),),
    )
    admitted = replace(admission(), caller=Caller(caller, TeamSnapshot(relay.team.id, "default"), "192.0.2.7"))

    first = authorised(admitted)
    with pytest.raises(InsufficientQuota) as refused:
        authorised(admitted)

    assert first.accounts == (relay.token.account_id, budget, relay.team.wallet_id)
    assert queries.limit_use([budget])[budget].held_nanos > 131_000_000
    assert refused.value.details["scope"] == "project"
    assert "The project budget leaves" in str(refused.value.text)
    wallet.void_hold(first.call_id)


def authorised(admitted: Admission) -> Reservation:
    """The hold of a plain call, as the pipeline asks for it."""
    body = b'{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}'
    ask = wire.peek(body, wire.CHAT)
    quoted = quote.quote(ask, wire.shape_of(ask), admitted)
    ledger = Direct(TASKS_OWNER, LEDGER_ONLY)
    return async_to_sync(reservation.authorise)(ledger, uuid7(), ask, admitted, quoted, seconds=60)
