"""Each rule of lots finds what breaks it, and names it. Rules that follow from one another break together."""

from datetime import UTC, datetime

import pytest

from apps.core.ids import uuid7
from apps.wallet import invariants
from apps.wallet import services as wallet
from apps.wallet.models import Account, Draw, Due, Lot, Return, TransferKind
from apps.wallet.types import Mandate
from tests.wallet.broken import Spender, ask, change, spender

pytestmark = pytest.mark.django_db
WHY = Mandate("correction", "test", None)
R7 = "what was granted to wallet {} is not what is there, spent, expired, refunded and taken back"
LEFT = "the lots of wallet {} have something else left than was not booked on them"
BOOKED = "what is booked on the lots of wallet {} is not what was drawn from them and what left them"
SPENT = "what lot {} counts as spent is not what was drawn from it less what came back"


def booked(*, days: int | None = None) -> Spender:
    """10 of 100 are spent and booked on the lot."""
    payer = spender(days=days)
    payer.charge(10)
    payer.book()
    return payer


def test_spending_that_is_booked_on_no_lot_is_found() -> None:
    payer = spender()
    payer.charge(10)
    change("UPDATE wallet_account SET allocated_nanos = 4 WHERE id = %s", payer.wallet)

    assert invariants.violations() == [LEFT.format(payer.wallet), BOOKED.format(payer.wallet)]


def test_credits_that_a_lot_lost_are_found() -> None:
    payer = booked()
    change("UPDATE wallet_lot SET consumed_nanos = 9, expired_nanos = 1 WHERE id = %s", payer.lot)

    assert invariants.violations() == [
        R7.format(payer.wallet),
        SPENT.format(payer.lot),
        f"what left lot {payer.lot} is not what its transfers took",
    ]


def test_a_lot_that_counts_other_spending_than_was_drawn_is_found() -> None:
    payer = booked()
    change("UPDATE wallet_lot SET consumed_nanos = 9 WHERE id = %s", payer.lot)

    assert invariants.violations() == [LEFT.format(payer.wallet), SPENT.format(payer.lot)]


def test_a_draw_that_was_made_smaller_is_found() -> None:
    payer = booked()
    change("UPDATE wallet_draw SET amount_nanos = 9 WHERE wallet_id = %s", payer.wallet)

    assert invariants.violations() == [BOOKED.format(payer.wallet), SPENT.format(payer.lot)]


def test_a_gap_between_draws_is_found() -> None:
    payer = booked()
    change("UPDATE wallet_draw SET starts_nanos = 1 WHERE wallet_id = %s", payer.wallet)

    assert invariants.violations() == [f"the draws of wallet {payer.wallet} do not follow each other from 0 on"]


def test_draws_that_overlap_are_found() -> None:
    payer = booked()
    payer.charge(5)
    payer.book()
    change("UPDATE wallet_draw SET starts_nanos = 9 WHERE wallet_id = %s AND starts_nanos = 10", payer.wallet)

    assert invariants.violations() == [f"the draws of wallet {payer.wallet} do not follow each other from 0 on"]


def test_a_draw_from_another_wallets_lot_is_found() -> None:
    payer, other = booked(), spender()
    change("UPDATE wallet_draw SET lot_id = %s WHERE wallet_id = %s", other.lot, payer.wallet)
    draw = Draw.objects.get(wallet_id=payer.wallet)

    assert f"draw {draw.pk} names a lot of another wallet" in invariants.violations()


def test_more_returned_than_drawn_is_found() -> None:
    payer = booked()
    call = ask("SELECT id FROM wallet_transfer WHERE wallet_id = %s AND kind = 1", payer.wallet)
    Return.objects.create(transfer_id=call, lot_id=payer.lot, into_lot_id=payer.lot, amount_nanos=11)

    assert invariants.violations() == [
        f"what was refunded to wallet {payer.wallet} is not what went back into its lots",
        SPENT.format(payer.lot),
        f"more came back from lot {payer.lot} than was drawn from it",
    ]


def test_a_lot_that_keeps_before_its_end_is_found() -> None:
    payer = spender(days=1)
    payer.hold(10)
    change("UPDATE wallet_lot SET kept_nanos = 3 WHERE id = %s", payer.lot)
    change("UPDATE wallet_account SET kept_nanos = 3 WHERE id = %s", payer.wallet)

    assert f"lot {payer.lot} keeps credits before its end" in invariants.violations()


def test_a_lot_keeps_what_an_open_call_holds_and_nothing_is_wrong() -> None:
    payer = spender(days=1)
    payer.hold(10)
    change("UPDATE wallet_lot SET spend_until = wallet_now() + interval '40 ms' WHERE id = %s", payer.lot)
    ask("SELECT pg_sleep(0.05)")
    payer.book()

    assert Lot.objects.get(pk=payer.lot).kept_nanos == 10
    assert invariants.violations() == []


def test_a_lot_that_keeps_more_than_is_held_is_found() -> None:
    payer = spender(days=1)
    payer.end_lot()
    change("UPDATE wallet_lot SET kept_nanos = 5, expired_nanos = 95 WHERE id = %s", payer.lot)
    change("UPDATE wallet_account SET kept_nanos = 5 WHERE id = %s", payer.wallet)

    assert f"lot {payer.lot} keeps more than the calls that began before its end hold" in invariants.violations()


def test_a_wallet_that_keeps_something_else_than_its_lots_is_found() -> None:
    payer = spender()
    change("UPDATE wallet_account SET kept_nanos = 5 WHERE id = %s", payer.wallet)

    assert invariants.violations() == [f"wallet {payer.wallet} keeps something else than its lots"]


def test_an_ended_lot_that_did_not_expire_is_found() -> None:
    payer = spender(days=1)
    change("UPDATE wallet_lot SET spend_until = wallet_now() - interval '1 hour' WHERE id = %s", payer.lot)

    assert invariants.violations() == [f"lot {payer.lot} ended over five minutes ago and still has more than it keeps"]


def test_an_expiry_without_its_transfer_is_found() -> None:
    payer = spender(days=1)
    payer.end_lot()
    assert invariants.violations() == []
    change("UPDATE wallet_lot SET expired_nanos = 99, withdrawn_nanos = 1 WHERE id = %s", payer.lot)

    assert invariants.violations() == [f"what left lot {payer.lot} is not what its transfers took"]


def test_what_left_a_lot_and_was_brought_back_is_right() -> None:
    payer = booked()
    taken = wallet.withdraw_lot(payer.lot, WHY, amount_nanos=40)
    wallet.reverse_transfer(taken, reason="mistake", actor=None)

    assert Lot.objects.get(pk=payer.lot).withdrawn_nanos == 0
    assert invariants.violations() == []


def test_what_was_brought_back_as_a_lot_of_its_own_is_right() -> None:
    payer = booked(days=1)
    taken = wallet.withdraw_lot(payer.lot, WHY, amount_nanos=40)
    payer.end_lot()
    wallet.reverse_transfer(taken, reason="mistake", actor=None)

    assert Lot.objects.filter(restores_id=payer.lot, amount_nanos=40).exists()
    assert invariants.violations() == []


def test_a_lot_without_its_grant_is_found() -> None:
    payer = spender()
    change("UPDATE wallet_lot SET transfer_id = wallet_new_id() WHERE id = %s", payer.lot)

    assert invariants.violations() == [f"lot {payer.lot} belongs to no grant"]


def test_a_restored_lot_that_stands_for_another_is_found() -> None:
    payer = spender(days=1)
    call = payer.charge(10)
    payer.end_lot()
    wallet.refund_charge(call, WHY, amount_nanos=4)
    assert invariants.violations() == []
    restored = Lot.objects.get(restores_id=payer.lot)
    change("UPDATE wallet_lot SET restores_id = %s WHERE id = %s", uuid7(), restored.pk)

    assert invariants.violations() == [
        f"restored lot {restored.pk} is not what came back for the lot that it stands for"
    ]


def test_refunds_above_their_charge_are_found() -> None:
    payer = spender()
    call, small = payer.charge(10), payer.charge(3)
    wallet.refund_charge(call, WHY, amount_nanos=4)
    change("UPDATE wallet_transfer SET reverses_id = %s WHERE kind = 13", small)

    assert invariants.violations() == [
        f"the refunds of transfer {small} are more than it took, or went to another wallet"
    ]


def test_refunds_that_went_back_into_lots_by_each_other_are_found() -> None:
    payer = spender()
    call = payer.charge(10)
    small = wallet.refund_charge(call, WHY, amount_nanos=1)
    large = wallet.refund_charge(call, Mandate("second", "test", None), amount_nanos=4)
    change("UPDATE wallet_return SET amount_nanos = 5 - amount_nanos")

    assert sorted(invariants.violations()) == sorted(
        f"refund {refund} is not what went back into lots by it" for refund in (small, large)
    )


def test_free_credit_that_stands_elsewhere_is_found() -> None:
    payer = spender()
    wallet.set_free_only(payer.wallet, is_on=True)
    payer.charge(10)
    assert invariants.violations() == []
    free = Account.objects.get(wallet_id=payer.wallet, kind=8)
    change("UPDATE wallet_account SET limit_nanos = 99, credits_posted = 99 WHERE id = %s", free.pk)

    assert invariants.violations() == [
        f"the free credit's account of wallet {payer.wallet} stands elsewhere than the free lots"
    ]


def test_a_hold_beside_the_free_credit_is_found() -> None:
    payer = spender()
    wallet.set_free_only(payer.wallet, is_on=True)
    call = payer.hold(0)
    change("UPDATE wallet_hold SET accounts = %s WHERE id = %s", [payer.token, payer.wallet], call)

    assert invariants.violations() == [f"hold {call} does not count on the free credit of its wallet"]


def test_a_due_settled_by_another_amount_is_found() -> None:
    payer = spender()
    wallet.open_due(
        payer.wallet, WHY, amount_nanos=30, kind=TransferKind.STORAGE_FEE, since=datetime(2026, 11, 1, tzinfo=UTC)
    )
    assert Due.objects.get(key="correction").transfer_id is not None
    change("UPDATE wallet_due SET amount_nanos = 31 WHERE key = 'correction'")

    assert invariants.violations() == ["due correction was settled by something else than its amount"]
