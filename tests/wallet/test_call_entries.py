"""What the ledger tells of one call: held, charged, given back, and when it was over."""

from apps.core.ids import uuid7
from apps.wallet import queries as wallet
from apps.wallet import services
from apps.wallet.types import Mandate
from tests.wallet.conftest import CREDIT, Payer


def test_a_settled_call_tells_what_was_held_and_charged(payer: Payer) -> None:
    payer.hold(5 * CREDIT)
    payer.settle(2 * CREDIT)

    entries = wallet.entries_of_call(payer.calls[-1].call_id)

    assert entries is not None
    assert (entries.held_nanos, entries.charged_nanos, entries.net_nanos) == (5 * CREDIT, 2 * CREDIT, 2 * CREDIT)
    assert entries.refunds == ()


def test_refunds_are_listed_in_their_order_and_taken_off(payer: Payer) -> None:
    payer.hold(5 * CREDIT)
    payer.settle(2 * CREDIT)
    call_id = payer.calls[-1].call_id
    services.refund_charge(call_id, Mandate("a", "cut off", None), amount_nanos=3)
    services.refund_charge(call_id, Mandate("b", "sorry", None), amount_nanos=4)

    entries = wallet.entries_of_call(call_id)

    assert entries is not None
    assert [(refund.amount_nanos, refund.reason) for refund in entries.refunds] == [(3, "cut off"), (4, "sorry")]
    assert entries.net_nanos == 2 * CREDIT - 7


def test_a_late_charge_belongs_to_its_call(payer: Payer) -> None:
    payer.hold(5 * CREDIT)
    services.void_hold(payer.calls[-1].call_id)
    payer.settle(CREDIT)

    entries = wallet.entries_of_call(payer.calls[-1].call_id)

    assert entries is not None
    assert (entries.held_nanos, entries.charged_nanos) == (5 * CREDIT, CREDIT)


def test_what_the_house_lost_was_not_charged(payer: Payer) -> None:
    payer.hold(100 * CREDIT)
    payer.settle(130 * CREDIT)

    entries = wallet.entries_of_call(payer.calls[-1].call_id)

    assert entries is not None
    assert entries.charged_nanos == 100 * CREDIT


def test_a_call_under_way_and_an_unknown_one_have_no_entries(payer: Payer) -> None:
    payer.hold(CREDIT)

    assert wallet.entries_of_call(payer.calls[-1].call_id) is None
    assert wallet.entries_of_call(uuid7()) is None
