"""Giving up a wallet or a reward balance: all of it or nothing, once, for ever. Figures are whole credits."""

from datetime import timedelta
from uuid import UUID

import pytest

from apps.core import clock
from apps.core.billing_calendar import business_date, day_bounds
from apps.journal.models import OperatorAlert
from apps.wallet import errors, queries
from apps.wallet import services as wallet
from apps.wallet.models import Lot, Transfer, TransferKind
from apps.wallet.statement_lines import Code, Period
from apps.wallet.types import HoldRequest, House, Mandate, Refusal
from tests.wallet.purses import CREDIT, Purse

pytestmark = pytest.mark.django_db


def give_up(purse: Purse, credits_: int, *, key: str = "closing:1") -> None:
    wallet.give_up_balance(purse.wallet, Mandate(key, "account closed", actor=7), amount_nanos=credits_ * CREDIT)


def expired(purse: Purse) -> list[int]:
    rows = Transfer.objects.filter(wallet_id=purse.wallet, kind=TransferKind.LOT_EXPIRY, credit_account=House.EXPIRED)
    return sorted(amount // CREDIT for amount in rows.values_list("amount_nanos", flat=True))


def charge_of(call: UUID) -> UUID:
    return Transfer.objects.values_list("pk", flat=True).get(pk=call)


# -- All or nothing -------------------------------------------------------------------------------


def test_every_lot_ends_and_the_house_of_expired_credits_has_it_all(purse: Purse) -> None:
    purse.grant(10, paid=1000, refund_until=purse.clock.after(days=9))
    purse.grant(5, until=purse.clock.after(days=1))
    purse.spend(3)

    give_up(purse, 12)

    assert (purse.available(), purse.left(), expired(purse)) == (0, [0, 0], [2, 10])
    lots = Lot.objects.filter(wallet_id=purse.wallet).order_by("created_at")
    assert [(lot.consumed_nanos // CREDIT, lot.expired_nanos // CREDIT) for lot in lots] == [(0, 10), (3, 2)]


def test_giving_up_twice_under_one_key_ends_the_lots_once(purse: Purse) -> None:
    purse.grant(10)
    give_up(purse, 10)

    give_up(purse, 10)

    assert expired(purse) == [10]


def test_the_repeat_is_answered_although_credits_came_meanwhile(purse: Purse) -> None:
    purse.grant(10)
    give_up(purse, 10)
    purse.grant(4)

    give_up(purse, 10)

    assert (purse.available(), expired(purse)) == (4, [10])


def test_the_key_of_another_amount_is_refused(purse: Purse) -> None:
    purse.grant(10)
    give_up(purse, 10)
    purse.grant(4)

    with pytest.raises(errors.IdempotencyConflict):
        give_up(purse, 4)

    assert purse.available() == 4


@pytest.mark.parametrize("typed", [0, 9, 11, -10])
def test_another_amount_than_what_is_there_gives_up_nothing(purse: Purse, typed: int) -> None:
    purse.grant(10)

    with pytest.raises(errors.BalanceDiffers):
        give_up(purse, typed)

    assert (purse.available(), purse.left(), expired(purse)) == (10, [10], [])


def test_nothing_is_given_up_while_a_call_holds_a_part(purse: Purse) -> None:
    purse.grant(10)
    call = purse.hold(4)

    for typed in (6, 10):
        with pytest.raises(errors.BalanceDiffers):
            give_up(purse, typed, key=f"closing:{typed}")

    purse.settle(call, 1)
    give_up(purse, 9)
    assert purse.available() == 0


def test_a_call_that_holds_nothing_may_still_cost_something(purse: Purse) -> None:
    purse.grant(10)
    purse.hold(0)

    with pytest.raises(errors.BalanceDiffers):
        give_up(purse, 10)


def test_an_empty_wallet_gives_up_nothing_and_posts_nothing(purse: Purse) -> None:
    purse.grant(10)
    purse.spend(10)

    give_up(purse, 0)

    assert expired(purse) == []


def test_only_a_wallet_gives_up_a_balance_and_only_a_reward_balance_a_reward(purse: Purse) -> None:
    purse.grant(10)
    reward = wallet.open_reward_balance("ada")

    with pytest.raises(errors.UnknownAccount):
        wallet.give_up_balance(reward, Mandate("1", "", actor=None), amount_nanos=0)
    with pytest.raises(errors.UnknownAccount):
        wallet.give_up_reward(purse.wallet, Mandate("2", "", actor=None), amount_nanos=10 * CREDIT)


# -- Lots in every state --------------------------------------------------------------------------


def test_what_ended_before_is_not_given_up_again(purse: Purse) -> None:
    purse.grant(10, until=purse.clock.after(days=1))
    purse.grant(5)
    purse.clock.forward(days=2)

    give_up(purse, 5)

    assert expired(purse) == [5, 10]


def test_a_lot_that_ends_at_the_very_moment_is_given_up_once(purse: Purse) -> None:
    """The test's clock ticks at each reading: the lot is there when it is counted and over when it is posted."""
    in_time = []
    for ticks in range(8, 28):
        purse.clock.forward(seconds=1)
        purse.grant(5)
        purse.grant(10, until=queries.wallet_time() + timedelta(microseconds=ticks))
        try:
            give_up(purse, 15, key=f"closing:{ticks}")
            in_time.append(ticks)
        except errors.BalanceDiffers:
            purse.clock.forward(seconds=1)
            give_up(purse, 5, key=f"after its end:{ticks}")
        assert (purse.available(), sum(purse.left())) == (0, 0)

    assert 0 < len(in_time) < 20
    assert len(expired(purse)) == 40


def test_what_an_ended_lot_kept_for_a_call_is_gone_with_the_call_and_the_rest_is_given_up(purse: Purse) -> None:
    purse.grant(10, until=purse.clock.after(days=1))
    purse.grant(5)
    call = purse.hold(6)
    purse.clock.forward(days=1)  # 4 expire, 6 are kept
    wallet.tend_accounts([purse.wallet])
    with pytest.raises(errors.BalanceDiffers):
        give_up(purse, 11)
    purse.settle(call, 2)  # 4 more expire

    give_up(purse, 5)

    assert (purse.available(), expired(purse)) == (0, [4, 4, 5])


def test_a_wallet_that_stops_at_its_free_credit_gives_up_both(purse: Purse) -> None:
    purse.grant(10, paid=1000)
    purse.grant(4)
    wallet.set_free_only(purse.wallet, is_on=True)
    purse.spend(1)

    give_up(purse, 13)

    assert (purse.available(), expired(purse)) == (0, [3, 10])
    assert purse.refusal(1) in {Refusal.FREE, Refusal.FUNDS}


def test_more_lots_than_one_posting_takes_all_end(purse: Purse) -> None:
    for _ in range(205):
        purse.grant(1)

    give_up(purse, 205)

    assert (purse.available(), len(expired(purse))) == (0, 205)


# -- Final ----------------------------------------------------------------------------------------


def test_what_was_given_up_cannot_be_reversed_paid_back_or_taken_back(purse: Purse) -> None:
    lot = purse.grant(10, paid=1000, refund_until=purse.clock.after(days=9))
    grant = Lot.objects.values_list("transfer_id", flat=True).get(pk=lot)
    give_up(purse, 10)
    ending = Transfer.objects.values_list("pk", flat=True).get(kind=TransferKind.LOT_EXPIRY)

    with pytest.raises(errors.NotReversible):
        wallet.reverse_transfer(ending, reason="mistake", actor=None)
    with pytest.raises(errors.InsufficientFunds):
        wallet.reverse_transfer(grant, reason="mistake", actor=None)
    with pytest.raises(errors.InsufficientFunds):
        wallet.refund_lot(lot, Mandate("refund", "", actor=None), at=purse.clock.now)
    with pytest.raises(errors.InsufficientFunds):
        wallet.withdraw_lot(lot, Mandate("withdrawal", "", actor=None))
    assert queries.to_go_of(lot).paid_back_minor == 0


def test_what_was_spent_before_can_still_be_given_back(purse: Purse) -> None:
    purse.grant(10)
    call = purse.spend(4)
    give_up(purse, 6)

    wallet.refund_charge(charge_of(call), Mandate("sorry", "fault", actor=None), amount_nanos=4 * CREDIT)

    assert (purse.available(), purse.left()) == (4, [4])


def test_the_statement_shows_what_was_given_up_as_expired(purse: Purse) -> None:
    purse.grant(10)
    purse.grant(5)
    purse.spend(3)
    give_up(purse, 12)

    start, end = day_bounds(business_date(clock.now()))
    found = queries.statement(purse.wallet, Period(start, end))

    assert found.closing_nanos == 0
    assert {total.code: total.amount_nanos // CREDIT for total in found.totals}[Code.EXPIRY] == -12
    lines = [line for line in found.page.results if line.code is Code.EXPIRY]
    assert [(line.amount_nanos // CREDIT, line.reason) for line in lines] == [
        (-5, "account closed"),
        (-7, "account closed"),
    ]


# -- Reward balances ------------------------------------------------------------------------------


@pytest.fixture
def reward(ledger_checked: None) -> int:
    """A reward balance of 5."""
    account = wallet.open_reward_balance("ada")
    wallet.add_reward(account, Mandate("reward:1", "invitee", actor=None), amount_nanos=5 * CREDIT)
    return account


def test_a_reward_balance_is_given_up_once_and_whole(reward: int) -> None:
    mandate = Mandate("closing:reward", "account closed", actor=7)
    with pytest.raises(errors.BalanceDiffers):
        wallet.give_up_reward(reward, mandate, amount_nanos=4 * CREDIT)

    wallet.give_up_reward(reward, mandate, amount_nanos=5 * CREDIT)
    wallet.give_up_reward(reward, mandate, amount_nanos=5 * CREDIT)

    assert queries.balance_of(reward).balance_nanos == 0
    left = Transfer.objects.get(wallet_id=reward, credit_account=House.EXPIRED)
    assert (left.kind, left.amount_nanos, left.reason, left.actor_id) == (16, 5 * CREDIT, "account closed", 7)
    with pytest.raises(errors.NotReversible):
        wallet.reverse_transfer(left.pk, reason="mistake", actor=None)


def test_an_empty_reward_balance_gives_up_nothing_and_a_full_one_never_nothing(reward: int) -> None:
    with pytest.raises(errors.BalanceDiffers):
        wallet.give_up_reward(reward, Mandate("1", "", actor=None), amount_nanos=0)
    wallet.take_reward(reward, Mandate("2", "", actor=None), amount_nanos=5 * CREDIT)

    wallet.give_up_reward(reward, Mandate("1", "", actor=None), amount_nanos=0)

    assert not Transfer.objects.filter(credit_account=House.EXPIRED).exists()


# -- After the closing ----------------------------------------------------------------------------


def test_credits_that_reach_a_closed_wallet_are_there_and_an_operator_hears(purse: Purse) -> None:
    wallet.close_account(purse.wallet)

    purse.grant(3)
    purse.grant(2)

    alert = OperatorAlert.objects.get(kind="credits-after-closing")
    assert (purse.available(), alert.times, alert.details["credits"]) == (5, 2, "2")
    call = HoldRequest(purse.clock.call_id(), (purse.token, purse.wallet), CREDIT, tokens=0)
    assert wallet.authorise(call, owner_id=purse.owner).refusal is Refusal.CLOSED


def test_a_reward_that_reaches_a_closed_balance_is_there_and_an_operator_hears(reward: int) -> None:
    wallet.close_account(reward)
    mandate = Mandate("reward:2", "late", actor=None)

    wallet.add_reward(reward, mandate, amount_nanos=CREDIT)
    wallet.add_reward(reward, mandate, amount_nanos=CREDIT)

    assert queries.balance_of(reward).balance_nanos == 6 * CREDIT
    assert OperatorAlert.objects.get(kind="credits-after-closing").times == 1


def test_credits_that_reach_an_open_wallet_alarm_nobody(purse: Purse) -> None:
    purse.grant(3)

    assert not OperatorAlert.objects.exists()
