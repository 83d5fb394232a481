"""The reward balance: credits that calls never draw on, until they move to a wallet. Figures are whole credits."""

from uuid import UUID

import pytest

from apps.core import clock
from apps.core.billing_calendar import business_date, day_bounds
from apps.wallet import errors, queries
from apps.wallet import services as wallet
from apps.wallet.models import AccountKind, Lot, LotSource, Transfer, TransferKind
from apps.wallet.statement_lines import Code, Period
from apps.wallet.types import House, Mandate, Refusal
from tests.wallet.conftest import Payer
from tests.wallet.purses import CREDIT

pytestmark = pytest.mark.django_db


@pytest.fixture
def reward(ledger_checked: None) -> int:
    """A reward balance of 15."""
    account = wallet.open_reward_balance("ada")
    add(account, 15, key="reward:1")
    return account


def add(account: int, credits_: int, *, key: str) -> UUID:
    return wallet.add_reward(account, Mandate(key, "invitee verified", actor=None), amount_nanos=credits_ * CREDIT)


def take(account: int, credits_: int, *, key: str) -> UUID:
    return wallet.take_reward(account, Mandate(key, "order refunded", actor=None), amount_nanos=credits_ * CREDIT)


def move(account: int, credits_: int, *, to: int, key: str) -> UUID:
    mandate = Mandate(key, "to balance", actor=7)
    return wallet.move_reward(account, mandate, wallet_id=to, amount_nanos=credits_ * CREDIT)


def has(account: int) -> int:
    return queries.balance_of(account).balance_nanos // CREDIT


# -- In and out -----------------------------------------------------------------------------------


def test_a_reward_comes_in_once_a_key(reward: int) -> None:
    first = add(reward, 5, key="reward:2")

    assert add(reward, 5, key="reward:2") == first
    assert has(reward) == 20
    came = Transfer.objects.get(pk=first)
    assert (came.kind, came.debit_account, came.credit_account) == (TransferKind.REWARD, House.FUNDING, reward)
    with pytest.raises(errors.IdempotencyConflict):
        add(reward, 6, key="reward:2")


def test_what_an_order_that_was_refunded_had_earned_is_taken_back_once(reward: int) -> None:
    first = take(reward, 5, key="refund:1")

    assert take(reward, 5, key="refund:1") == first
    assert has(reward) == 10


def test_no_more_is_taken_than_is_there(reward: int) -> None:
    with pytest.raises(errors.InsufficientFunds):
        take(reward, 16, key="refund:1")

    assert has(reward) == 15


@pytest.mark.parametrize("kind", [AccountKind.WALLET, AccountKind.TOKEN])
def test_nothing_but_a_reward_balance_has_rewards(payer: Payer, kind: AccountKind) -> None:
    account = payer.wallet if kind == AccountKind.WALLET else payer.token

    for act in (add, take):
        with pytest.raises(errors.UnknownAccount):
            act(account, 1, key="reward:1")
    with pytest.raises(errors.UnknownAccount):
        move(account, 1, to=payer.wallet, key="move:1")


def test_calls_cannot_spend_a_reward(payer: Payer, reward: int) -> None:
    """The balance that a call may use is its wallet's: 100 there, 15 earned, and 101 is too much."""
    assert payer.hold(101 * CREDIT).refusal is Refusal.FUNDS
    assert has(payer.wallet) == 100


def test_the_history_of_a_reward_balance_reads_as_a_statement(reward: int) -> None:
    take(reward, 5, key="refund:1")

    found = queries.statement(reward, Period(*day_bounds(business_date(clock.now()))))

    assert found.closing_nanos == 10 * CREDIT
    assert [(line.code, line.amount_nanos // CREDIT, line.balance_nanos // CREDIT) for line in found.page.results] == [
        (Code.REFERRAL, -5, 10),
        (Code.REFERRAL, 15, 15),
    ]


# -- To a wallet ----------------------------------------------------------------------------------


def test_a_move_takes_from_the_one_and_makes_a_lot_in_the_other(payer: Payer, reward: int) -> None:
    lot = Lot.objects.get(pk=move(reward, 10, to=payer.wallet, key="move:1"))

    assert (has(reward), has(payer.wallet)) == (5, 110)
    assert (lot.wallet_id, lot.source, lot.amount_nanos) == (payer.wallet, LotSource.REFERRAL, 10 * CREDIT)
    assert (lot.paid_minor, lot.refund_until, lot.spend_until) == (0, None, None)
    out = Transfer.objects.get(kind=TransferKind.REWARD_LEFT)
    into = Transfer.objects.get(pk=lot.transfer_id)
    assert [(one.wallet_id, one.debit_account, one.credit_account) for one in (out, into)] == [
        (reward, reward, House.FUNDING),
        (payer.wallet, House.FUNDING, payer.wallet),
    ]


def test_two_moves_of_10_with_15_there_move_10(payer: Payer, reward: int) -> None:
    move(reward, 10, to=payer.wallet, key="click:1")

    with pytest.raises(errors.InsufficientFunds):
        move(reward, 10, to=payer.wallet, key="click:2")

    assert (has(reward), has(payer.wallet)) == (5, 110)


def test_a_move_is_made_once_a_key(payer: Payer, reward: int) -> None:
    lot = move(reward, 10, to=payer.wallet, key="click:1")

    assert move(reward, 10, to=payer.wallet, key="click:1") == lot
    assert (has(reward), has(payer.wallet)) == (5, 110)
    with pytest.raises(errors.IdempotencyConflict):
        move(reward, 4, to=payer.wallet, key="click:1")
    assert (has(reward), has(payer.wallet)) == (5, 110)


@pytest.mark.parametrize("to", ["token", "reward", "nowhere"])
def test_a_move_to_what_is_no_wallet_moves_nothing(payer: Payer, reward: int, to: str) -> None:
    other = wallet.open_reward_balance("bob")
    target = {"token": payer.token, "reward": other, "nowhere": 2**40}[to]

    with pytest.raises(errors.UnknownAccount):
        move(reward, 10, to=target, key="move:1")

    assert has(reward) == 15
    assert not Transfer.objects.filter(kind=TransferKind.REWARD_LEFT).exists()


def test_a_moved_reward_settles_what_the_wallet_owes(payer: Payer, reward: int) -> None:
    purse = wallet.open_wallet("Debtor")
    wallet.open_due(
        purse,
        Mandate("storage:1", "day 1", actor=None),
        amount_nanos=4 * CREDIT,
        kind=TransferKind.STORAGE_FEE,
        since=clock.now(),
    )

    move(reward, 10, to=purse, key="move:1")

    assert (has(purse), queries.arrears_of(purse)) == (6, 0)


def test_neither_a_reward_nor_its_way_out_is_reversed_they_are_taken_back(payer: Payer, reward: int) -> None:
    move(reward, 10, to=payer.wallet, key="move:1")

    for kind in (TransferKind.REWARD, TransferKind.REWARD_LEFT):
        with pytest.raises(errors.NotReversible):
            wallet.reverse_transfer(Transfer.objects.get(kind=kind).pk, reason="mistake", actor=None)
