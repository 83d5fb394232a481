"""Above the limit every staff act on money asks for a second person, acts once with one, and leaves who and why."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import pytest

from apps.core import clock
from apps.journal import queries as journal_queries
from apps.journal import services as journal
from apps.journal.errors import ApprovalMismatch, ApprovalUsed
from apps.journal.models import Approval, AuditEntry
from apps.journal.types import ApprovalRequest
from apps.wallet import errors, queries
from apps.wallet import services as wallet
from apps.wallet.models import Due, KeyedPosting, Lot, LotSource, Transfer, TransferKind
from apps.wallet.types import LotTerms, Mandate, StaffAct
from tests.wallet.conftest import CREDIT, Payer

pytestmark = pytest.mark.django_db
ADA, BOB = 7, 8

Doing = Callable[[Mandate], object]


@dataclass
class Desk:
    """A wallet with 100 free credits and 5,000 paid ones, of which a call spent 4,000."""

    payer: Payer
    gift: UUID
    paid: UUID
    charge: UUID

    @property
    def wallet(self) -> int:
        return self.payer.wallet

    def available(self) -> int:
        return queries.balance_of(self.wallet).available_nanos // CREDIT

    def doings(self) -> dict[str, Doing]:
        """Each act with 1,001 credits; before it 1,100 are available."""
        nanos = 1001 * CREDIT
        return {
            "grant": lambda m: wallet.grant_lot(self.wallet, m, amount_nanos=nanos, source=LotSource.ADJUSTMENT),
            "debit": lambda m: wallet.debit_adjustment(self.wallet, m, amount_nanos=nanos),
            "charge refund": lambda m: wallet.refund_charge(self.charge, m, amount_nanos=nanos),
            "withdrawal": lambda m: wallet.withdraw_lot(self.paid, m, amount_nanos=nanos),
            "lot refund": lambda m: wallet.refund_lot(self.paid, m, at=clock.now(), amount_nanos=nanos),
            "reversal": lambda m: wallet.reverse_transfer(
                self.charge, reason=m.reason, actor=m.actor, approval_id=m.approval_id
            ),
        }


AFTER = {"grant": 2101, "debit": 99, "charge refund": 2101, "withdrawal": 99, "lot refund": 99, "reversal": 5100}
"""What is available after each act: 1,100 plus or minus 1,001, or plus the whole charge of 4,000."""


@pytest.fixture
def desk(payer: Payer) -> Desk:
    terms = LotTerms(paid_minor=500_000, currency="CNY", refund_until=clock.now() + timedelta(days=365))
    paid = wallet.grant_lot(
        payer.wallet, Mandate("order:1", "order", None), amount_nanos=5000 * CREDIT, source="purchase", terms=terms
    )
    payer.hold(4000 * CREDIT)
    payer.settle(4000 * CREDIT)
    gift = Lot.objects.get(wallet_id=payer.wallet, source=LotSource.ADJUSTMENT).pk
    return Desk(payer, gift, paid, payer.calls[-1].call_id)


def mandate(name: str, *, approval: int | None = None) -> Mandate:
    return Mandate(f"staff:{name}", "promised by phone", ADA, approval)


def asked_for(doing: Doing, wanted: Mandate) -> StaffAct:
    with pytest.raises(errors.ApprovalNeeded) as caught:
        doing(wanted)
    act = caught.value.details["act"]
    assert isinstance(act, StaffAct)
    return act


def approval_of(act: StaffAct) -> int:
    request = ApprovalRequest(act.name, "wallet", str(act.wallet_id), act.parameters, "promised by phone", ADA)
    approval_id = journal.request_approval(request, at=clock.now())
    journal.approve(approval_id, actor=BOB, at=clock.now())
    return approval_id


@pytest.mark.parametrize("name", AFTER)
def test_an_act_above_the_limit_does_nothing_without_a_second_person(desk: Desk, name: str) -> None:
    before = Transfer.objects.count(), AuditEntry.objects.count()

    asked_for(desk.doings()[name], mandate(name))

    assert desk.available() == 1100
    assert (Transfer.objects.count(), AuditEntry.objects.count()) == before


@pytest.mark.parametrize("name", AFTER)
def test_with_an_approval_it_happens_once_and_names_it(desk: Desk, name: str) -> None:
    doing = desk.doings()[name]
    approval_id = approval_of(asked_for(doing, mandate(name)))
    approved = mandate(name, approval=approval_id)

    first, again = doing(approved), doing(approved)

    assert first == again
    assert desk.available() == AFTER[name]
    assert KeyedPosting.objects.filter(approval_id=approval_id).count() == 1
    assert journal_queries.approval_by_id(approval_id, at=clock.now()).status == "carried_out"
    line = AuditEntry.objects.latest("id")
    assert (line.actor_id, line.reason, line.details["approval"]) == (ADA, "promised by phone", approval_id)


@pytest.mark.parametrize("name", AFTER)
def test_the_platform_does_the_same_alone_and_leaves_its_transfer(desk: Desk, name: str) -> None:
    doing = desk.doings()[name]

    doing(replace(mandate(name), actor=None))

    assert desk.available() == AFTER[name]


def test_an_approval_is_no_pass_for_a_larger_amount(desk: Desk) -> None:
    approval_id = approval_of(asked_for(desk.doings()["debit"], mandate("debit")))

    with pytest.raises(ApprovalMismatch):
        wallet.debit_adjustment(desk.wallet, mandate("debit", approval=approval_id), amount_nanos=1002 * CREDIT)

    assert desk.available() == 1100


def test_an_approval_is_no_pass_for_another_lot(desk: Desk) -> None:
    approval_id = approval_of(asked_for(desk.doings()["withdrawal"], mandate("withdrawal")))

    with pytest.raises(ApprovalMismatch):
        wallet.withdraw_lot(desk.gift, mandate("withdrawal", approval=approval_id), amount_nanos=1001 * CREDIT)


def test_an_approval_does_not_serve_two_acts(desk: Desk) -> None:
    act = asked_for(desk.doings()["debit"], mandate("debit"))
    approval_id = approval_of(act)
    desk.doings()["debit"](mandate("debit", approval=approval_id))
    other_key = replace(mandate("debit", approval=approval_id), key="staff:other")

    with pytest.raises((ApprovalUsed, ApprovalMismatch)):
        desk.doings()["debit"](other_key)

    assert desk.available() == 99


def test_an_act_that_the_ledger_refuses_keeps_its_approval(desk: Desk) -> None:
    doing = desk.doings()["debit"]
    approved = mandate("debit", approval=approval_of(asked_for(doing, mandate("debit"))))
    desk.payer.hold(500 * CREDIT)

    with pytest.raises(errors.InsufficientFunds):
        doing(approved)
    wallet.void_hold(desk.payer.calls[-1].call_id)
    doing(approved)

    assert desk.available() == 99


def test_what_the_ledger_would_refuse_is_not_asked_for(desk: Desk) -> None:
    with pytest.raises(errors.InsufficientFunds):
        wallet.debit_adjustment(desk.wallet, mandate("debit"), amount_nanos=1101 * CREDIT)
    with pytest.raises(errors.RefundTooLarge):
        wallet.refund_charge(desk.charge, mandate("refund"), amount_nanos=4001 * CREDIT)

    assert not Approval.objects.exists()


def test_all_that_is_unspent_is_measured_when_it_is_taken(desk: Desk) -> None:
    """1,100 are left after the call of 4,000: 100 of the gift were spent first, so the paid lot has them all."""
    with pytest.raises(errors.ApprovalNeeded):
        wallet.withdraw_lot(desk.paid, mandate("all"))
    desk.payer.hold(101 * CREDIT)

    wallet.withdraw_lot(desk.paid, mandate("all"))

    assert desk.available() == 0


def test_up_to_the_limit_one_person_corrects_alone_and_is_named(desk: Desk) -> None:
    wallet.debit_adjustment(desk.wallet, mandate("debit"), amount_nanos=1000 * CREDIT)

    done = Transfer.objects.get(wallet_id=desk.wallet, kind=TransferKind.ADJUSTMENT)
    assert (done.actor_id, done.reason, done.amount_nanos) == (ADA, "promised by phone", 1000 * CREDIT)
    line = AuditEntry.objects.latest("id")
    assert (line.act, line.details["credits"], line.details["approval"]) == ("credits.adjusted", "1000", None)


def test_a_repeat_below_the_limit_leaves_one_line(desk: Desk) -> None:
    for _ in range(2):
        wallet.refund_charge(desk.charge, mandate("refund"), amount_nanos=10 * CREDIT)

    assert AuditEntry.objects.filter(act="charge.refunded").count() == 1
    assert desk.available() == 1110


def test_forgiving_a_due_above_the_limit_needs_a_second_person_too(desk: Desk) -> None:
    wallet.open_due(
        desk.wallet,
        Mandate("fee:1", "storage", None),
        amount_nanos=1200 * CREDIT,
        kind=TransferKind.STORAGE_FEE,
        since=clock.now(),
    )
    wanted = Mandate("due-cancellation:fee:1", "promised by phone", ADA)

    act = asked_for(lambda m: wallet.cancel_due_by_staff("fee:1", m), wanted)
    assert Due.objects.get().cancelled_at is None
    assert wallet.cancel_due_by_staff("fee:1", replace(wanted, approval_id=approval_of(act)))

    assert Due.objects.get().cancel_reason == "promised by phone"
    assert not wallet.cancel_due_by_staff("fee:1", wanted)
