"""Granted = available + held + spent + expired + paid back + taken back, after any mix of corrections.

Figures are whole credits.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import pytest
from django.db.models import Sum

from apps.wallet import errors, invariants, queries
from apps.wallet import services as wallet
from apps.wallet.models import AccountKind, Lot, LotSource, Transfer, TransferKind
from apps.wallet.types import HoldRequest, LotTerms, Mandate, SettleEntry
from tests.wallet.conftest import CREDIT, LedgerClock

pytestmark = pytest.mark.django_db

SPENT = (TransferKind.CHARGE, TransferKind.LATE_CHARGE, TransferKind.ADJUSTMENT, TransferKind.STORAGE_FEE)


class Books(NamedTuple):
    available: int
    held: int
    spent: int
    expired: int
    paid_back: int
    taken_back: int


@dataclass
class Story:
    """One wallet, told from its transfers; the lots tell what ended, was paid back or taken back."""

    clock: LedgerClock
    wallet: int
    token: int
    owner: int
    steps: list[str] = field(default_factory=list)

    def grant(self, credits: int, *, days: int | None = None, paid_minor: int = 0) -> UUID:  # noqa: A002
        terms = LotTerms(
            spend_until=None if days is None else self.clock.after(days=days),
            refund_until=self.clock.after(days=365) if paid_minor else None,
            paid_minor=paid_minor,
            currency="CNY" if paid_minor else "",
        )
        source = LotSource.PURCHASE if paid_minor else LotSource.GIFT
        mandate = self.mandate()
        return wallet.grant_lot(self.wallet, mandate, amount_nanos=credits * CREDIT, source=source, terms=terms)

    def call(self, held: int, cost: int | None = None) -> HoldRequest:
        request = HoldRequest(self.clock.call_id(), (self.token, self.wallet), held * CREDIT, 0)
        assert wallet.authorise(request, owner_id=self.owner).refusal is None
        if cost is not None:
            self.settle(request, cost)
        return request

    def settle(self, call: HoldRequest, cost: int) -> None:
        wallet.settle_hold(SettleEntry(call.call_id, call.accounts, cost * CREDIT, 0))

    def refund(self, transfer_id: UUID, credits: int, *, key: str = "") -> UUID:  # noqa: A002
        return wallet.refund_charge(transfer_id, self.mandate(key), amount_nanos=credits * CREDIT)

    def mandate(self, key: str = "") -> Mandate:
        self.steps.append(key)
        return Mandate(key or f"step:{len(self.steps)}", "why", 7)

    def granted(self) -> int:
        lots = Lot.objects.filter(wallet_id=self.wallet).exclude(source=LotSource.REFUND_RESTORE)
        return sum(lots.values_list("amount_nanos", flat=True)) // CREDIT

    def books(self) -> Books:
        """What the tables say; that they add up to all that was ever granted is checked every time they are read."""
        balance = queries.balance_of(self.wallet)
        parts = Lot.objects.filter(wallet_id=self.wallet).aggregate(
            expired=Sum("expired_nanos"), paid_back=Sum("refunded_nanos"), taken_back=Sum("withdrawn_nanos")
        )
        found = Books(
            balance.available_nanos // CREDIT,
            balance.held_nanos // CREDIT,
            self._spent(),
            *(parts[name] // CREDIT for name in ("expired", "paid_back", "taken_back")),
        )
        assert sum(found) == self.granted()
        assert invariants.violations() == []
        return found

    def _spent(self) -> int:
        """Net of what corrections gave back of it."""
        spent = Transfer.objects.filter(wallet_id=self.wallet, kind__in=SPENT)
        returned = Transfer.objects.filter(wallet_id=self.wallet, reverses_id__in=spent.values("pk"))
        return (_sum(spent) - _sum(returned)) // CREDIT


def _sum(transfers: object) -> int:
    return transfers.aggregate(total=Sum("amount_nanos"))["total"] or 0  # type: ignore[attr-defined]


@pytest.fixture
def story(ledger_clock: LedgerClock) -> Story:
    wallet_id = wallet.open_wallet("Acme")
    token = wallet.open_limit(wallet_id, kind=AccountKind.TOKEN, label="bot", limit_nanos=None)
    return Story(ledger_clock, wallet_id, token, wallet.register_owner("test"))


def test_a_wallet_adds_up_through_every_kind_of_correction(story: Story) -> None:
    gift, paid = story.grant(100, days=30), story.grant(50, paid_minor=10_000)
    first, second = story.call(30, 30), story.call(80, 80)
    assert story.books() == Books(40, 0, 110, 0, 0, 0)

    story.refund(second.call_id, 25)  # 10 to the paid lot, which it drew last, then 15 to the gift
    assert story.books() == Books(65, 0, 85, 0, 0, 0)
    wallet.withdraw_lot(gift, story.mandate(), amount_nanos=5 * CREDIT)
    paid_back = wallet.refund_lot(paid, story.mandate(), at=story.clock.now, amount_nanos=20 * CREDIT)
    assert paid_back.paid_back_minor == 4_000  # ¥100 × 20 / 50
    adjustment = wallet.debit_adjustment(story.wallet, story.mandate(), amount_nanos=4 * CREDIT)
    assert story.books() == Books(36, 0, 89, 0, 20, 5)

    end = story.clock.after(days=30)
    story.clock.to(end - timedelta(minutes=1))
    over_the_end = story.call(8)
    story.clock.to(end)
    wallet.tend_accounts([story.wallet])
    assert story.books() == Books(28, 8, 89, 0, 20, 5)  # the gift's last 6 are kept for the call
    story.settle(over_the_end, 2)
    assert story.books() == Books(30, 0, 91, 4, 20, 5)

    story.refund(first.call_id, 30)  # its lot has ended: a new one of 30 days
    wallet.reverse_transfer(adjustment, reason="not theirs", actor=7)
    mistake = story.grant(20)
    wallet.reverse_transfer(Lot.objects.get(pk=mistake).transfer_id, reason="wrong wallet", actor=7)
    assert story.books() == Books(64, 0, 57, 4, 20, 25)

    story.clock.forward(days=29)
    late = story.call(10)
    story.clock.forward(days=2)
    wallet.tend_accounts([story.wallet])
    assert story.books() == Books(30, 10, 57, 28, 20, 25)  # 34 restored: 10 kept for the call, 24 gone
    wallet.void_hold(late.call_id)
    assert story.books() == Books(30, 0, 57, 38, 20, 25)
    assert story.granted() == 170


def test_refunds_lower_what_was_spent_and_never_raise_what_was_granted(story: Story) -> None:
    story.grant(10)
    call = story.call(6, 6)

    for part in (1, 2, 3):
        story.refund(call.call_id, part)

    assert story.books() == Books(10, 0, 0, 0, 0, 0)
    assert story.granted() == 10
    with pytest.raises(errors.RefundTooLarge):
        story.refund(call.call_id, 1)


def test_a_refund_that_is_retried_is_made_once(story: Story) -> None:
    story.grant(10)
    call = story.call(6, 6)

    answers = {story.refund(call.call_id, 4, key="task:7:refund") for _ in range(4)}

    assert len(answers) == 1
    assert story.books() == Books(8, 0, 2, 0, 0, 0)


def test_a_retry_that_asks_for_more_is_refused(story: Story) -> None:
    story.grant(10)
    call = story.call(6, 6)
    story.refund(call.call_id, 4, key="task:7:refund")

    with pytest.raises(errors.IdempotencyConflict):
        story.refund(call.call_id, 5, key="task:7:refund")

    assert story.books() == Books(8, 0, 2, 0, 0, 0)


def test_a_refund_of_a_call_that_is_not_over_is_refused(story: Story) -> None:
    story.grant(10)
    call = story.call(6)

    with pytest.raises(errors.UnknownTransfer):
        story.refund(call.call_id, 1)

    assert story.books() == Books(4, 6, 0, 0, 0, 0)


def test_a_call_that_cost_nothing_has_nothing_to_refund(story: Story) -> None:
    story.grant(10)
    call = story.call(6)
    wallet.void_hold(call.call_id)

    with pytest.raises(errors.NotReversible):
        story.refund(call.call_id, 1)

    assert story.books() == Books(10, 0, 0, 0, 0, 0)


def test_spent_credits_cannot_be_taken_back_or_paid_back(story: Story) -> None:
    paid = story.grant(10, paid_minor=1_000)
    story.call(7, 7)

    with pytest.raises(errors.InsufficientFunds):
        wallet.withdraw_lot(paid, story.mandate(), amount_nanos=4 * CREDIT)
    with pytest.raises(errors.InsufficientFunds):
        wallet.refund_lot(paid, story.mandate(), at=story.clock.now, amount_nanos=4 * CREDIT)
    with pytest.raises(errors.InsufficientFunds):
        wallet.reverse_transfer(Lot.objects.get(pk=paid).transfer_id, reason="why", actor=7)

    assert story.books() == Books(3, 0, 7, 0, 0, 0)


def test_money_paid_back_in_parts_never_exceeds_what_was_paid(story: Story) -> None:
    """¥1.00 for 3 credits: 0.33 + 0.33 + 0.34."""
    paid = story.grant(3, paid_minor=100)

    parts = [
        wallet.refund_lot(paid, story.mandate(), at=story.clock.now, amount_nanos=CREDIT).paid_back_minor
        for _ in range(3)
    ]

    assert parts == [33, 33, 34]
    assert story.books() == Books(0, 0, 0, 0, 3, 0)


def test_a_refund_that_was_reversed_leaves_the_next_one_its_own_money(story: Story) -> None:
    """¥1.00 for 3 credits: 2 of them ¥0.66, which the bank sends back, then 1 of them ¥0.33."""
    paid = story.grant(3, paid_minor=100)
    refund = wallet.refund_lot(paid, story.mandate(), at=story.clock.now, amount_nanos=2 * CREDIT)
    wallet.reverse_transfer(refund.transfer_id, reason="the bank sent it back", actor=7)
    assert story.books() == Books(3, 0, 0, 0, 0, 0)

    one = story.mandate("one")
    first = wallet.refund_lot(paid, one, at=story.clock.now, amount_nanos=CREDIT)
    repeat = wallet.refund_lot(paid, one, at=story.clock.now, amount_nanos=CREDIT)

    assert (refund.paid_back_minor, first.paid_back_minor) == (66, 33)
    assert repeat == first
    assert story.books() == Books(2, 0, 0, 0, 1, 0)
