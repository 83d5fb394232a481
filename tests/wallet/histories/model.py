"""The plain ledger: calls, and all that is not a call: grants, fees, paying and taking back, corrections, dues.

It makes no ids: lots and entries get theirs from the real ledger, after the act.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from apps.wallet import errors
from apps.wallet.models import LotSource, TransferKind
from apps.wallet.types import LotTerms
from tests.wallet.histories.accounts import Wallet
from tests.wallet.histories.book import Lot
from tests.wallet.histories.calls import Calls, Entry, Rows

SPENDING = (
    TransferKind.CHARGE,
    TransferKind.LATE_CHARGE,
    TransferKind.ADJUSTMENT,
    TransferKind.STORAGE_FEE,
    TransferKind.CLOUD_FEE,
)
RESTORED_FOR = timedelta(days=30)
NO_ID = UUID(int=0)


@dataclass
class Due:
    """`number`: which of the wallet's dues it was, from the first one on."""

    key: str
    wallet: int
    kind: int
    amount: int
    since: datetime
    number: int


class Model(Calls):
    """Acts return the entry that they made. `paid` and `restored` are what an act brought about beside it."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self.dues: list[Due] = []
        self.paid: dict[str, Entry] = {}
        self.restored: list[Lot] = []

    # -- Credits that come in, and that are spent without a call

    def grant(self, wallet: int, amount: int, *, source: str, terms: LotTerms) -> Entry:
        with self.whole(wallet):
            self.tend([wallet])
            if terms.spend_until is not None and terms.spend_until <= self.now:
                raise errors.LotEnded
        lot = Lot(NO_ID, source, amount, terms)
        self.books[wallet].lots.append(lot)
        self._bring(wallet, amount)
        self._settle_dues(wallet)
        return Entry(wallet, TransferKind.GRANT, amount, lot=lot)

    def spend(self, wallet: int, amount: int, *, kind: int) -> Entry:
        """A fee or a negative adjustment."""
        with self.whole(wallet):
            self.tend([wallet])
            if amount > self.accounts[wallet].room:
                raise errors.InsufficientFunds
        self.accounts[wallet].debits += amount
        return Entry(wallet, kind, amount, self.draw(wallet, amount, self.now))

    # -- Credits that leave one lot

    def refund_lot(self, wallet: int, lot: Lot, amount: int | None, *, at: datetime) -> tuple[Entry, int]:
        """The entry, and the money for it."""
        with self.whole(wallet):
            self.tend([wallet])
            if lot.is_free or lot.terms.refund_until is None:
                raise errors.NotRefundable
            if at >= lot.terms.refund_until:
                raise errors.RefundClosed
            gone = self._part_to_go(wallet, lot, amount)
        lot.refunded += gone
        money = max(lot.price_of_the_first(lot.refunded) - lot.money_out, 0)
        lot.money_out += money
        self._leave(wallet, gone)
        return Entry(wallet, TransferKind.REFUND, gone, lot=lot, money=money), money

    def withdraw_lot(self, wallet: int, lot: Lot, amount: int | None) -> Entry:
        with self.whole(wallet):
            self.tend([wallet])
            gone = self._part_to_go(wallet, lot, amount)
        lot.withdrawn += gone
        self._leave(wallet, gone)
        return Entry(wallet, TransferKind.WITHDRAWAL, gone, lot=lot)

    # -- Corrections

    def refund_charge(self, entry: Entry, amount: int) -> Entry:
        if entry.kind not in SPENDING:
            raise errors.NotReversible
        with self.whole(entry.wallet):
            self.tend([entry.wallet])
            if not 0 < amount <= entry.amount - entry.given_back:
                raise errors.RefundTooLarge
        self._give_back(entry, amount)
        return Entry(entry.wallet, TransferKind.CHARGE_REFUND, amount)

    def reverse(self, entry: Entry) -> Entry:
        """A second time, it is the first reversal once more."""
        with self.whole(entry.wallet):
            self.tend([entry.wallet])
            if entry.reversal is None:
                self._check_reversible(entry)
        if entry.reversal is None:
            self._reverse(entry)
            entry.reversal = Entry(entry.wallet, TransferKind.REVERSAL, entry.amount)
        return entry.reversal

    def _reverse(self, entry: Entry) -> None:
        if entry.kind == TransferKind.GRANT:
            self._lot_of(entry).withdrawn += entry.amount
            self._leave(entry.wallet, entry.amount)
        elif entry.kind in (TransferKind.REFUND, TransferKind.WITHDRAWAL):
            self._bring_back_to_lot(entry)
        else:
            self._give_back(entry, entry.amount)

    def _check_reversible(self, entry: Entry) -> None:
        if entry.kind == TransferKind.GRANT:
            lot = self._lot_of(entry)
            if lot.left - lot.kept < lot.amount or lot.amount > self.accounts[entry.wallet].room:
                raise errors.InsufficientFunds
        elif entry.kind in SPENDING:
            if not entry.amount:
                raise errors.NotReversible
            if entry.given_back:
                raise errors.RefundTooLarge
        elif entry.kind not in (TransferKind.REFUND, TransferKind.WITHDRAWAL):
            raise errors.NotReversible

    def _bring_back_to_lot(self, entry: Entry) -> None:
        lot = self._lot_of(entry)
        self._bring(entry.wallet, entry.amount)
        if lot.end <= self.now:
            self._restore(entry.wallet, lot, entry.amount)
        elif entry.kind == TransferKind.REFUND:
            lot.refunded -= entry.amount
            lot.money_out -= entry.money
        else:
            lot.withdrawn -= entry.amount
        self._trim(entry.wallet)

    def _give_back(self, entry: Entry, amount: int) -> None:
        """Returns credits to the lots that a draw took them from, the last one first, after what went back before."""
        skipped, entry.given_back = entry.given_back, entry.given_back + amount
        self._bring(entry.wallet, amount)
        for taken in reversed(entry.parts):
            untouched = max(taken.amount - skipped, 0)
            skipped = max(skipped - taken.amount, 0)
            part = min(untouched, amount)
            amount -= part
            if part:
                self._return_to(entry.wallet, taken.lot, part)
        self._settle_dues(entry.wallet)

    def _return_to(self, wallet: int, lot: Lot, amount: int) -> None:
        if lot.refunded or lot.end <= self.now:
            self._restore(wallet, lot, amount)
        else:
            lot.consumed -= amount

    def _restore(self, wallet: int, origin: Lot, amount: int) -> None:
        """What ended comes back as 30 free days; what was paid back keeps its dates and its part of the price."""
        terms = LotTerms(spend_until=self.now + RESTORED_FOR)
        if origin.end > self.now:
            terms = replace(origin.terms, paid_minor=self._price_moved(wallet, origin, amount))
        lot = Lot(NO_ID, LotSource.REFUND_RESTORE, amount, terms, restores=origin.id)
        self.books[wallet].lots.append(lot)
        self.restored.append(lot)

    def _price_moved(self, wallet: int, origin: Lot, amount: int) -> int:
        """Refunds count from a lot's first credit on, what is restored elsewhere from its last one back."""
        before = sum(lot.amount for lot in self.books[wallet].lots if lot.restores == origin.id)
        rest = origin.amount - before
        return origin.price_of_the_first(rest) - origin.price_of_the_first(rest - amount)

    def _lot_of(self, entry: Entry) -> Lot:
        assert entry.lot is not None
        return entry.lot

    def _part_to_go(self, wallet: int, lot: Lot, amount: int | None) -> int:
        most = min(lot.left - lot.kept, self.accounts[wallet].room)
        gone = most if amount is None else amount
        if not 0 < gone <= most:
            raise errors.InsufficientFunds
        return gone

    def _bring(self, wallet: int, amount: int) -> None:
        account = self.accounts[wallet]
        assert isinstance(account, Wallet)
        account.received += amount

    def _leave(self, wallet: int, amount: int) -> None:
        self.accounts[wallet].debits += amount
        self._trim(wallet)

    # -- Dues

    def open_due(self, due: Due) -> None:
        self.tend([due.wallet])
        self.dues.append(due)
        self._settle_dues(due.wallet)

    def cancel_due(self, key: str, *, wallet: int) -> bool:
        self.tend([wallet])
        still_open = [due for due in self.dues if due.key == key]
        self.dues = [due for due in self.dues if due.key != key]
        return bool(still_open)

    def _settle_dues(self, wallet: int) -> None:
        """The oldest first, none in part; one that does not fit lets no younger one pass."""
        owed = sorted((due for due in self.dues if due.wallet == wallet), key=lambda due: (due.since, due.number))
        self._trim(wallet)
        for due in owed:
            if due.amount > self.accounts[wallet].room:
                return
            self.dues.remove(due)
            self.accounts[wallet].debits += due.amount
            self.paid[due.key] = Entry(wallet, due.kind, due.amount, self.draw(wallet, due.amount, self.now))

    # -- What can be seen

    def rows(self) -> Rows:
        return super().rows() | {("due", due.key): (due.amount,) for due in self.dues}
