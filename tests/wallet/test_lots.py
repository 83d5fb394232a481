"""What spending draws from, what ends and what stays for calls under way. Figures are whole credits."""

from datetime import timedelta

import pytest

from apps.wallet import errors
from apps.wallet import services as wallet
from apps.wallet.models import AccountKind, Lot, Transfer, TransferKind
from apps.wallet.tasks import tend
from apps.wallet.types import Refusal
from tests.wallet.purses import CREDIT, Purse

pytestmark = pytest.mark.django_db


# -- Burn order -----------------------------------------------------------------------------------


def test_the_lot_that_ends_first_is_spent_first(purse: Purse) -> None:
    purse.grant(10)
    purse.grant(10, until=purse.clock.after(days=90))
    purse.grant(10, until=purse.clock.after(days=30))

    purse.spend(15)

    assert purse.left() == [10, 5, 0]


def test_free_credit_goes_before_paid_credit_with_the_same_end_then_the_oldest(purse: Purse) -> None:
    purse.grant(10, paid=1000)
    purse.grant(10)
    purse.grant(10)

    purse.spend(12)

    assert purse.left() == [10, 0, 8]


def test_a_grant_does_not_take_part_in_what_was_spent_before_it(purse: Purse) -> None:
    purse.grant(10)
    purse.spend(4)

    purse.grant(10, until=purse.clock.after(days=1))

    assert purse.left() == [6, 10]


def test_what_a_call_drew_is_told_before_and_after_it_is_booked(purse: Purse) -> None:
    purse.grant(5, until=purse.clock.after(days=1))
    purse.grant(10)
    first, second = purse.spend(3), purse.spend(4)

    assert (purse.drawn(first), purse.drawn(second)) == ([3], [2, 2])
    purse.grant(1)
    assert (purse.drawn(first), purse.drawn(second)) == ([3], [2, 2])


# -- Ends -----------------------------------------------------------------------------------------


def test_a_lot_ends_to_the_instant(purse: Purse) -> None:
    end = purse.clock.after(days=1)
    purse.grant(10, until=end)
    purse.grant(5)
    purse.clock.to(end - timedelta(milliseconds=1))
    assert purse.refusal(16) is Refusal.FUNDS
    call = purse.hold(15)
    wallet.void_hold(call)

    purse.clock.to(end)

    assert purse.refusal(6) is Refusal.FUNDS
    assert purse.refusal(5) is None
    expiry = Transfer.objects.get(wallet_id=purse.wallet, kind=TransferKind.LOT_EXPIRY)
    assert expiry.amount_nanos == 10 * CREDIT


def test_an_ended_lot_keeps_what_open_calls_need_until_they_end(purse: Purse) -> None:
    purse.grant(10, until=purse.clock.after(days=1))
    purse.grant(100)
    call = purse.hold(6)
    purse.clock.forward(days=2)

    assert purse.spend(1)
    assert purse.left() == [6, 99]

    purse.settle(call, 4)
    assert purse.left() == [0, 99]
    lot = Lot.objects.get(wallet_id=purse.wallet, spend_until__isnull=False)
    assert (lot.consumed_nanos, lot.expired_nanos, lot.kept_nanos) == (4 * CREDIT, 6 * CREDIT, 0)
    assert purse.drawn(call) == [4]


def test_two_ended_lots_keep_for_the_calls_that_began_before_each(purse: Purse) -> None:
    purse.grant(10, until=purse.clock.after(days=1))
    purse.grant(10, until=purse.clock.after(days=2))
    early = purse.hold(8)
    purse.clock.forward(days=1)  # 2 of the first lot expire, 8 are kept
    late = purse.hold(7)
    purse.clock.forward(days=1)  # of the second, 7 are kept
    wallet.tend_accounts([purse.wallet])

    assert purse.left() == [8, 7]

    purse.settle(late, 3)
    assert purse.left() == [8, 0]
    purse.settle(early, 8)
    assert purse.left() == [0, 0]


def test_a_call_that_holds_more_than_the_ended_lot_draws_the_rest_elsewhere(purse: Purse) -> None:
    purse.grant(5, until=purse.clock.after(days=1))
    purse.grant(20)
    call = purse.hold(12)
    purse.clock.forward(days=1)

    purse.settle(call, 9)

    assert purse.left() == [0, 16]
    assert purse.drawn(call) == [5, 4]


def test_calls_that_began_after_the_end_take_nothing_that_is_kept(purse: Purse) -> None:
    purse.grant(10, until=purse.clock.after(days=1))
    purse.grant(30)
    early = purse.hold(10)
    purse.clock.forward(days=1)

    late = [purse.spend(4), purse.spend(5)]
    assert purse.left() == [10, 21]
    purse.settle(early, 12)

    assert [purse.drawn(call) for call in (*late, early)] == [[4], [5], [10, 2]]
    assert purse.left() == [0, 19]


def test_a_void_lets_what_was_kept_expire(purse: Purse) -> None:
    purse.grant(10, until=purse.clock.after(days=1))
    call = purse.hold(10)
    purse.clock.forward(days=1)
    wallet.tend_accounts([purse.wallet])
    assert purse.left() == [10]

    wallet.void_hold(call)

    assert purse.left() == [0]
    assert purse.available() == 0


def test_a_lot_that_would_already_be_over_is_refused(purse: Purse) -> None:
    with pytest.raises(errors.LotEnded):
        purse.grant(10, until=purse.clock.now)


def test_the_sweep_ends_lots_of_wallets_that_nobody_calls(purse: Purse) -> None:
    purse.grant(10, until=purse.clock.after(hours=1))
    purse.clock.forward(hours=1)

    assert wallet.tend_due() == 1
    assert wallet.tend_due() == 0
    assert purse.available() == 0


def test_a_call_of_a_clock_that_runs_ahead_leaves_nothing_kept_behind(purse: Purse) -> None:
    end = purse.clock.after(days=1)
    purse.grant(10, until=end)
    purse.clock.to(end + timedelta(seconds=2))
    call = purse.clock.call_id()
    purse.clock.to(end - timedelta(seconds=1))
    purse.hold(10, call=call)
    purse.clock.to(end + timedelta(seconds=5))
    wallet.tend_accounts([purse.wallet])
    assert purse.left() == [10]

    purse.settle(call, 4)

    assert purse.left() == [0]
    assert purse.available() == 0


def test_the_sweep_meets_all_that_ends_at_one_midnight(purse: Purse) -> None:
    for number in range(120):
        wallet.open_limit(purse.wallet, kind=AccountKind.TOKEN, label=str(number), limit_nanos=CREDIT, refill="daily")
    purse.clock.forward(days=2)

    assert tend() == 120
    assert tend() == 0
