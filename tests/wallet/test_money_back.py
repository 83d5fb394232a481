"""What returns: paid lots in money, charges to their lots, and what the wallet owes. Figures are whole credits."""

from uuid import UUID

import pytest

from apps.wallet import errors, queries
from apps.wallet import services as wallet
from apps.wallet.models import AccountKind, Lot, LotSource
from apps.wallet.types import Mandate
from tests.wallet.purses import CREDIT, Purse

pytestmark = pytest.mark.django_db


# -- Money back -----------------------------------------------------------------------------------


def test_unspent_credits_are_paid_back_in_proportion(purse: Purse) -> None:
    lot = purse.grant(2000, paid=179900, refund_until=purse.clock.after(days=365))
    purse.spend(500)

    refund = wallet.refund_lot(lot, Mandate("refund:1", "asked", actor=None), at=purse.clock.now)

    assert (refund.amount_nanos // CREDIT, refund.paid_back_minor, refund.currency) == (1500, 134925, "CNY")
    assert wallet.refund_lot(lot, Mandate("refund:1", "asked", actor=None), at=purse.clock.now) == refund
    assert purse.available() == 0


def test_parts_paid_back_add_up_to_what_was_paid(purse: Purse) -> None:
    lot = purse.grant(3, paid=100, refund_until=purse.clock.after(days=1))

    parts = [
        wallet.refund_lot(lot, Mandate(f"part:{n}", "", actor=None), at=purse.clock.now, amount_nanos=CREDIT)
        for n in range(3)
    ]

    assert [part.paid_back_minor for part in parts] == [33, 33, 34]


def test_the_money_is_known_before_and_after_a_refund(purse: Purse) -> None:
    """10 credits for ¥10.01: 6 are worth 6.006 now; after 4 for ¥4.00 the other 2 bring the share of 6, ¥6.00."""
    lot = purse.grant(10, paid=1001, refund_until=purse.clock.after(days=1))
    purse.hold(4)

    now = queries.to_go_of(lot)
    part = queries.to_go_of(lot, amount_nanos=4 * CREDIT)
    first = wallet.refund_lot(lot, Mandate("1", "", actor=None), at=purse.clock.now, amount_nanos=4 * CREDIT)
    rest = queries.to_go_of(lot)
    last = wallet.refund_lot(lot, Mandate("2", "", actor=None), at=purse.clock.now)

    assert (now.amount_nanos, now.paid_back_minor, now.currency) == (6 * CREDIT, 600, "CNY")
    assert (part.amount_nanos, part.paid_back_minor) == (6 * CREDIT, 400)
    assert (rest.amount_nanos, rest.paid_back_minor) == (last.amount_nanos, last.paid_back_minor) == (2 * CREDIT, 200)
    assert queries.refunds_of(lot) == [first, last]
    assert queries.to_go_of(lot).amount_nanos == 0


def test_a_refund_that_was_reversed_says_so(purse: Purse) -> None:
    lot = purse.grant(10, paid=1000, refund_until=purse.clock.after(days=1))
    refund = wallet.refund_lot(lot, Mandate("r", "", actor=None), at=purse.clock.now)

    wallet.reverse_transfer(refund.transfer_id, reason="sent back", actor=None)

    assert [(made.paid_back_minor, made.is_reversed) for made in queries.refunds_of(lot)] == [(1000, True)]
    assert queries.to_go_of(lot).paid_back_minor == 1000


def test_nothing_can_go_of_a_lot_that_ended_or_was_not_paid_for_in_money(purse: Purse) -> None:
    ending = purse.grant(10, until=purse.clock.after(days=1), paid=1000, refund_until=purse.clock.after(days=9))
    free = purse.grant(5)

    purse.clock.forward(days=1)

    assert (queries.to_go_of(ending).amount_nanos, queries.to_go_of(ending).paid_back_minor) == (0, 0)
    assert (queries.to_go_of(free).amount_nanos, queries.to_go_of(free).paid_back_minor) == (5 * CREDIT, 0)
    with pytest.raises(errors.UnknownLot):
        queries.refunds_of(UUID(int=1))


def test_what_calls_hold_is_not_paid_back(purse: Purse) -> None:
    lot = purse.grant(10, paid=1000, refund_until=purse.clock.after(days=1))
    purse.hold(4)

    refund = wallet.refund_lot(lot, Mandate("r", "", actor=None), at=purse.clock.now)

    assert refund.amount_nanos == 6 * CREDIT


def test_the_refund_right_ends_to_the_instant_and_free_lots_have_none(purse: Purse) -> None:
    paid = purse.grant(10, paid=1000, refund_until=purse.clock.after(days=1))
    free = purse.grant(10)

    with pytest.raises(errors.RefundClosed):
        wallet.refund_lot(paid, Mandate("r", "", actor=None), at=purse.clock.after(days=1))
    with pytest.raises(errors.NotRefundable):
        wallet.refund_lot(free, Mandate("r", "", actor=None), at=purse.clock.now)


def test_a_withdrawal_takes_what_is_unspent(purse: Purse) -> None:
    lot = purse.grant(10)
    purse.grant(5)
    purse.spend(4)

    wallet.withdraw_lot(lot, Mandate("fraud", "revoked", actor=None))

    assert purse.left() == [0, 5]


# -- Charges given back ---------------------------------------------------------------------------


def refund(purse: Purse, call: UUID, credits_: int, *, key: str = "back") -> UUID:
    return wallet.refund_charge(call, Mandate(key, "failed", actor=None), amount_nanos=credits_ * CREDIT)


def test_a_refund_returns_to_the_lots_of_the_call_the_last_one_first(purse: Purse) -> None:
    purse.grant(5, until=purse.clock.after(days=1))
    purse.grant(10)
    call = purse.spend(8)

    refund(purse, call, 4)

    assert purse.left() == [1, 10]
    refund(purse, call, 4, key="rest")
    assert purse.left() == [5, 10]
    with pytest.raises(errors.RefundTooLarge):
        refund(purse, call, 1, key="too much")


def test_a_refund_twice_under_one_key_happens_once(purse: Purse) -> None:
    purse.grant(10)
    call = purse.spend(8)

    assert refund(purse, call, 4) == refund(purse, call, 4)
    assert purse.left() == [6]
    with pytest.raises(errors.IdempotencyConflict):
        refund(purse, call, 3)


def test_a_refund_for_a_lot_that_ended_becomes_a_lot_of_thirty_days(purse: Purse) -> None:
    purse.grant(5, until=purse.clock.after(days=1))
    call = purse.spend(5)
    purse.clock.forward(days=2)

    refund(purse, call, 3)

    restored = queries.lots_of(purse.wallet)[-1]
    assert (restored.source, restored.remaining_nanos) == (LotSource.REFUND_RESTORE, 3 * CREDIT)
    assert restored.spend_until is not None
    assert purse.clock.after(days=30) <= restored.spend_until < purse.clock.after(days=30, seconds=1)


def test_a_refund_for_a_lot_paid_back_keeps_its_price_and_refund_right(purse: Purse) -> None:
    lot = purse.grant(2000, paid=179900, refund_until=purse.clock.after(days=365))
    call = purse.spend(500)
    wallet.refund_lot(lot, Mandate("cash", "", actor=None), at=purse.clock.now)

    refund(purse, call, 100)

    restored = Lot.objects.get(restores_id=lot)
    assert (restored.amount_nanos, restored.refund_until) == (100 * CREDIT, purse.clock.after(days=365))
    assert restored.paid_minor == 8995  # 1,799.00 × 100 ÷ 2,000


def test_refunds_lower_what_was_spent_and_never_raise_what_was_granted(purse: Purse) -> None:
    purse.grant(100)
    call = purse.spend(40)
    refund(purse, call, 10)

    granted = sum(lot.amount_nanos for lot in Lot.objects.exclude(source=LotSource.REFUND_RESTORE))

    assert granted == 100 * CREDIT
    assert purse.available() == 70


def test_a_grant_is_reversed_while_it_is_whole(purse: Purse) -> None:
    lot = Lot.objects.get(pk=purse.grant(10))
    wallet.reverse_transfer(lot.transfer_id, reason="by mistake", actor=None)
    assert purse.left() == [0]

    other = Lot.objects.get(pk=purse.grant(10))
    purse.spend(1)
    with pytest.raises(errors.InsufficientFunds):
        wallet.reverse_transfer(other.transfer_id, reason="too late", actor=None)


# -- Dues -----------------------------------------------------------------------------------------


def test_a_grant_settles_dues_oldest_first_and_never_in_part(purse: Purse) -> None:
    purse.owe(3, day=2)
    purse.owe(2, day=1)
    purse.owe(2, day=3)
    assert queries.arrears_of(purse.wallet) == 7 * CREDIT

    purse.grant(6)

    assert [due.reason for due in queries.dues_of(purse.wallet)] == ["day 3"]
    assert purse.available() == 1


def test_a_due_is_charged_at_once_when_the_wallet_can_pay(purse: Purse) -> None:
    purse.grant(5)

    purse.owe(3, day=1)
    purse.owe(3, day=1)

    assert queries.dues_of(purse.wallet) == []
    assert purse.available() == 2


def test_a_cancelled_due_is_never_charged(purse: Purse) -> None:
    purse.owe(3, day=1)

    assert wallet.cancel_due("storage:1", reason="waived") is True
    assert wallet.cancel_due("storage:1", reason="waived") is False
    purse.grant(5)

    assert purse.available() == 5


def test_a_refunded_charge_settles_dues_too(purse: Purse) -> None:
    purse.grant(5)
    call = purse.spend(5)
    purse.owe(3, day=1)

    refund(purse, call, 5)

    assert queries.arrears_of(purse.wallet) == 0
    assert purse.available() == 2


def test_hundreds_of_dues_are_settled_by_one_grant(purse: Purse) -> None:
    for day in range(250):
        purse.owe(1, day=day)

    purse.grant(240)

    assert len(queries.dues_of(purse.wallet)) == 10
    assert purse.available() == 0


def test_credits_are_granted_to_wallets_only(purse: Purse) -> None:
    rewards = wallet.open_wallet("rewards", kind=AccountKind.REWARD)

    with pytest.raises(errors.UnknownAccount):
        wallet.grant_lot(rewards, Mandate("k", "r", actor=None), amount_nanos=1, source=LotSource.GIFT)


def test_a_repeat_of_a_refund_that_was_reversed_answers_as_the_first_time(purse: Purse) -> None:
    lot = purse.grant(10, paid=1000, refund_until=purse.clock.after(days=1))
    mandate = Mandate("r", "", actor=None)
    first = wallet.refund_lot(lot, mandate, at=purse.clock.now)
    wallet.reverse_transfer(first.transfer_id, reason="the bank sent it back", actor=None)

    assert wallet.refund_lot(lot, mandate, at=purse.clock.now) == first
    assert purse.available() == 10
