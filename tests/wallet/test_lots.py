"""What spending draws from, what ends and what stays for calls under way. Figures are whole credits."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from apps.core.billing_calendar import business_date, day_start, month_bounds
from apps.wallet import errors, invariants, queries
from apps.wallet import services as wallet
from apps.wallet.models import Account, AccountKind, Lot, LotSource, Transfer, TransferKind
from apps.wallet.types import HoldRequest, LotTerms, Mandate, Refusal, SettleEntry
from tests.wallet.conftest import CREDIT, LedgerClock

pytestmark = pytest.mark.django_db


@dataclass
class Purse:
    """An empty wallet with a token, on a clock of the test."""

    clock: LedgerClock
    wallet: int
    token: int
    owner: int
    held: dict[UUID, HoldRequest] = field(default_factory=dict)

    def grant(
        self, credits_: int, *, until: datetime | None = None, paid: int = 0, refund_until: datetime | None = None
    ) -> UUID:
        terms = LotTerms(spend_until=until, refund_until=refund_until, paid_minor=paid, currency="CNY" if paid else "")
        source = LotSource.PURCHASE if paid else LotSource.GIFT
        mandate = Mandate(f"grant:{self.clock.call_id()}", "", actor=None)
        return wallet.grant_lot(self.wallet, mandate, amount_nanos=credits_ * CREDIT, source=source, terms=terms)

    def hold(self, credits_: int) -> UUID:
        request = HoldRequest(self.clock.call_id(), (self.token, self.wallet), credits_ * CREDIT, tokens=0)
        answer = wallet.authorise(request, owner_id=self.owner)
        assert answer.refusal is None, answer
        self.held[request.call_id] = request
        return request.call_id

    def refusal(self, credits_: int) -> Refusal | None:
        request = HoldRequest(self.clock.call_id(), (self.token, self.wallet), credits_ * CREDIT, tokens=0)
        return wallet.authorise(request, owner_id=self.owner).refusal

    def settle(self, call: UUID, credits_: int) -> int:
        settled = wallet.settle_hold(SettleEntry(call, self.held[call].accounts, credits_ * CREDIT, 0))
        return settled.charged_nanos // CREDIT

    def spend(self, credits_: int) -> UUID:
        call = self.hold(credits_)
        self.settle(call, credits_)
        return call

    def left(self) -> list[int]:
        """Of each lot, in the order of the grants."""
        return [lot.remaining_nanos // CREDIT for lot in queries.lots_of(self.wallet)]

    def available(self) -> int:
        return queries.balance_of(self.wallet).available_nanos // CREDIT

    def drawn(self, call: UUID) -> list[int]:
        return [draw.amount_nanos // CREDIT for draw in queries.draws_of(call)]


@pytest.fixture
def purse(ledger_clock: LedgerClock) -> Purse:
    wallet_id = wallet.open_wallet("Acme")
    token = wallet.open_limit(wallet_id, kind=AccountKind.TOKEN, label="bot", limit_nanos=None)
    return Purse(ledger_clock, wallet_id, token, wallet.register_owner("test"))


@pytest.fixture(autouse=True)
def books_are_right(purse: Purse) -> Iterator[None]:
    yield
    wallet.tend_accounts([purse.wallet])
    assert invariants.violations() == []
    account = Account.objects.get(pk=purse.wallet)
    lots = list(Lot.objects.filter(wallet_id=purse.wallet))
    assert sum(lot.left_nanos for lot in lots) == account.credits_posted - account.allocated_nanos
    assert sum(lot.remaining_nanos for lot in queries.lots_of(purse.wallet)) == account.available_nanos + (
        account.debits_pending
    )


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


def owe(purse: Purse, credits_: int, day: int) -> None:
    wallet.open_due(
        purse.wallet,
        Mandate(f"storage:{day}", f"day {day}", actor=None),
        amount_nanos=credits_ * CREDIT,
        kind=TransferKind.STORAGE_FEE,
        since=purse.clock.after(days=day - 10),
    )


def test_a_grant_settles_dues_oldest_first_and_never_in_part(purse: Purse) -> None:
    owe(purse, 3, day=2)
    owe(purse, 2, day=1)
    owe(purse, 2, day=3)
    assert queries.arrears_of(purse.wallet) == 7 * CREDIT

    purse.grant(6)

    assert [due.reason for due in queries.dues_of(purse.wallet)] == ["day 3"]
    assert purse.available() == 1


def test_a_due_is_charged_at_once_when_the_wallet_can_pay(purse: Purse) -> None:
    purse.grant(5)

    owe(purse, 3, day=1)
    owe(purse, 3, day=1)

    assert queries.dues_of(purse.wallet) == []
    assert purse.available() == 2


def test_a_cancelled_due_is_never_charged(purse: Purse) -> None:
    owe(purse, 3, day=1)

    assert wallet.cancel_due("storage:1", reason="waived") is True
    assert wallet.cancel_due("storage:1", reason="waived") is False
    purse.grant(5)

    assert purse.available() == 5


def test_a_refunded_charge_settles_dues_too(purse: Purse) -> None:
    purse.grant(5)
    call = purse.spend(5)
    owe(purse, 3, day=1)

    refund(purse, call, 5)

    assert queries.arrears_of(purse.wallet) == 0
    assert purse.available() == 2


# -- Only free credit -----------------------------------------------------------------------------


def test_the_switch_stops_calls_when_free_credit_is_used_up(purse: Purse) -> None:
    purse.grant(10, paid=1000, until=purse.clock.after(days=1))
    purse.grant(4)
    wallet.set_free_only(purse.wallet, is_on=True)

    assert purse.refusal(5) is Refusal.FREE
    purse.spend(4)
    assert purse.refusal(1) is Refusal.FREE
    assert purse.left() == [10, 0]

    wallet.set_free_only(purse.wallet, is_on=False)
    assert purse.refusal(10) is None


def test_free_grants_raise_and_their_ends_lower_what_the_switch_lets_through(purse: Purse) -> None:
    purse.grant(10, paid=1000)
    wallet.set_free_only(purse.wallet, is_on=True)
    assert purse.refusal(1) is Refusal.FREE

    purse.grant(5, until=purse.clock.after(days=1))
    assert purse.refusal(6) is Refusal.FREE
    wallet.void_hold(purse.hold(5))
    purse.clock.forward(days=1)
    assert purse.refusal(1) is Refusal.FREE


def test_calls_under_way_count_when_the_switch_is_turned_on(purse: Purse) -> None:
    purse.grant(100, paid=1000)
    purse.grant(5)
    call = purse.hold(8)
    wallet.set_free_only(purse.wallet, is_on=True)

    assert purse.refusal(1) is Refusal.FREE
    purse.settle(call, 2)

    assert purse.refusal(4) is Refusal.FREE
    purse.spend(3)
    assert purse.left() == [100, 0]


def test_a_fee_that_takes_free_credit_lowers_what_calls_may_use(purse: Purse) -> None:
    purse.grant(100, paid=1000)
    purse.grant(5)
    wallet.set_free_only(purse.wallet, is_on=True)

    owe(purse, 3, day=1)

    assert purse.left() == [100, 2]
    assert purse.refusal(3) is Refusal.FREE
    purse.spend(2)


def test_a_call_from_before_the_switch_was_turned_off_ends_as_usual(purse: Purse) -> None:
    purse.grant(100, paid=1000)
    purse.grant(5)
    wallet.set_free_only(purse.wallet, is_on=True)
    call = purse.hold(5)
    wallet.set_free_only(purse.wallet, is_on=False)

    assert purse.settle(call, 9) == 9  # 4 above its hold, from what is there
    wallet.set_free_only(purse.wallet, is_on=True)
    assert purse.refusal(1) is Refusal.FREE


# -- Refilled limits ------------------------------------------------------------------------------


def test_a_daily_limit_is_full_again_at_midnight_of_the_billing_zone(purse: Purse) -> None:
    purse.grant(1000)
    purse.clock.to(day_start(business_date(purse.clock.now) + timedelta(days=1)) + timedelta(hours=1))
    wallet.set_limit(purse.token, limit_nanos=10 * CREDIT, refill="daily")
    purse.spend(6)
    open_call = purse.hold(3)
    assert purse.refusal(2) is Refusal.FUNDS

    midnight = queries.limit_use([purse.token])[purse.token].resets_at
    assert midnight == day_start(business_date(purse.clock.now) + timedelta(days=1))
    purse.clock.to(midnight)

    assert purse.refusal(8) is Refusal.FUNDS  # the open call counts in the new day
    purse.settle(open_call, 3)
    assert purse.refusal(7) is None


def test_a_week_begins_on_monday_and_a_month_on_its_first_day(purse: Purse) -> None:
    wallet.set_limit(purse.token, limit_nanos=CREDIT, refill="weekly")
    weekly = queries.limit_use([purse.token])[purse.token].resets_at
    wallet.set_limit(purse.token, limit_nanos=CREDIT, refill="monthly")
    monthly = queries.limit_use([purse.token])[purse.token].resets_at

    assert weekly is not None
    assert weekly == day_start(business_date(weekly))
    assert business_date(weekly).isoweekday() == 1
    assert monthly == month_bounds(business_date(purse.clock.now))[1]


def test_a_limit_with_use_from_elsewhere_leaves_only_the_rest(purse: Purse) -> None:
    purse.grant(100)
    purse.token = wallet.open_limit(
        purse.wallet, kind=AccountKind.TOKEN, label="old", limit_nanos=10 * CREDIT, used_nanos=7 * CREDIT
    )

    use = queries.limit_use([purse.token])[purse.token]
    assert (use.used_nanos, use.remaining_nanos) == (7 * CREDIT, 3 * CREDIT)
    assert purse.refusal(4) is Refusal.FUNDS
    purse.spend(3)
