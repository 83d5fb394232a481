"""The calls of the plain model: one at a time, every charge on lots at once. Clear before fast; no database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from apps.core.ids import minted_at
from apps.wallet import errors
from apps.wallet.models import TransferKind
from apps.wallet.types import TASKS_OWNER, HoldAnswer, HoldRequest, Outcome, Refusal, SettleEntry, Settlement
from tests.wallet.histories.accounts import Account, FreeCredit, Limit, Wallet, next_start
from tests.wallet.histories.book import Book, Lot, Taken
from tests.wallet.histories.ids import leg_id

Rows = dict[tuple[str, str], tuple[int, ...]]


@dataclass
class Hold:
    accounts: list[int]
    amount: int
    owner: int
    max_until: datetime
    has_slot: bool = True

    @property
    def slots(self) -> tuple[int, int]:
        """The token and the wallet count calls under way."""
        return (self.accounts[0], self.accounts[-1])


@dataclass
class Entry:
    """A transfer. `parts`: what a draw took of which lots, in this order; `lot`: the one lot that it is about."""

    wallet: int
    kind: int
    amount: int
    parts: list[Taken] = field(default_factory=list)
    lot: Lot | None = None
    money: int = 0
    given_back: int = 0
    reversal: "Entry | None" = None


@dataclass
class Ended:
    """How a call ended: what it was charged in all, what was lost of it."""

    kind: int
    charged: int = 0
    lost: int = 0


class Calls:
    """Accounts, lots and calls, and the clock they live by."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.accounts: dict[int, Account] = {}
        self.books: dict[int, Book] = {}
        self.free: dict[int, FreeCredit] = {}
        self.holds: dict[UUID, Hold] = {}
        self.ended: dict[UUID, Ended] = {}
        self.entries: dict[UUID, Entry] = {}
        self.leases: dict[int, datetime] = {}

    # -- Accounts

    def open_wallet(self, wallet: int) -> None:
        self.accounts[wallet] = Wallet(wallet, wallet)
        self.books[wallet] = Book()

    def open_limit(self, account: int, *, wallet: int, limit: int | None, refill: str) -> None:
        begins = next_start(refill, self.now)
        self.accounts[account] = Limit(account, wallet, limit=limit, refill=refill, wake_at=begins)

    def set_limit(self, account: int, *, limit: int | None, refill: str) -> None:
        found = self.accounts[account]
        if not isinstance(found, Limit):
            raise errors.UnknownAccount
        found.refill_if_due(self.now)
        found.change(limit, refill, self.now)

    def set_closed(self, account: int, *, is_closed: bool) -> None:
        self.tend([account])
        self.accounts[account].is_closed = is_closed

    def set_free_only(self, wallet: int, free: int | None, *, is_on: bool) -> None:
        """`free`: the account that counts the free credit; None as long as the switch was never on."""
        self.tend([wallet])
        self.books[wallet].is_free_first = is_on
        account = self.free.get(wallet)
        if account is None:
            if free is None:
                return
            account = self.free[wallet] = FreeCredit(free, wallet, book=self.books[wallet])
            self.accounts[free] = account
        account.is_closed = not is_on
        if is_on:
            self._list_in_open_calls(account)
        account.count()

    def _list_in_open_calls(self, free: FreeCredit) -> None:
        for hold in self.holds.values():
            if hold.accounts[-1] == free.wallet and free.id not in hold.accounts:
                hold.accounts.insert(-1, free.id)
                free.pending += hold.amount

    def tend(self, ids: Sequence[int]) -> None:
        """What is due on these accounts happens: limits are filled up, lots past their end expire."""
        for account in [self.accounts[id_] for id_ in ids]:
            account.refill_if_due(self.now)
            if account.id in self.books:
                self._trim(account.id)

    @contextmanager
    def whole(self, wallet: int) -> Iterator[None]:
        """What fails leaves nothing behind, not even what was due before it."""
        own = [account for account in self.accounts.values() if account.wallet == wallet]
        saved = [(one, vars(one).copy()) for one in (*own, *self.books[wallet].lots)]
        try:
            yield
        except errors.WalletError:
            for one, fields in saved:
                vars(one).update(fields)
            raise

    # -- Calls

    def authorise(self, request: HoldRequest, *, owner: int) -> HoldAnswer:
        call, amount = request.call_id, request.amount_nanos
        self.tend(request.accounts)
        accounts = self._with_free(request.accounts)
        if call in self.holds:
            return HoldAnswer(None, 0, self._least(accounts), 0)
        if call in self.ended:
            return HoldAnswer(Refusal.RESOLVED, 0, self._least(accounts), 0)
        if refused := self._refusal(accounts, amount, is_opening=True):
            return refused
        self.holds[call] = Hold(accounts, amount, owner, self.now + timedelta(seconds=request.max_seconds))
        self._set_aside(accounts, amount)
        self._count_slots(self.holds[call], 1)
        return HoldAnswer(None, 0, self._least(accounts), 0)

    def extend(self, call: UUID, amount: int) -> HoldAnswer:
        hold = self.holds.get(call)
        if hold is None:
            return HoldAnswer(Refusal.GONE, 0, 0, 0)
        self.tend(hold.accounts)
        more = max(amount - hold.amount, 0)
        if refused := self._refusal(hold.accounts, more, is_opening=False):
            return refused
        hold.amount += more
        self._set_aside(hold.accounts, more)
        return HoldAnswer(None, 0, self._least(hold.accounts), 0)

    def hand_over(self, call: UUID, *, owner: int, max_until: datetime, release_slot: bool) -> None:
        hold = self.holds.get(call)
        if hold is None:
            raise errors.HoldGone
        self.tend(hold.accounts)
        if release_slot and hold.has_slot:
            self._count_slots(hold, -1)
            hold.has_slot = False
        hold.owner, hold.max_until = owner, max_until

    def settle(self, entry: SettleEntry) -> Settlement:
        self.tend(entry.accounts)
        if entry.call_id not in self.holds:
            return self._settle_late(entry)
        hold = self._release(entry.call_id)
        charged = min(entry.charge_nanos, hold.amount)
        self._add_debits(hold.accounts, charged)
        charged += self._take_what_is_there(hold.accounts, entry.charge_nanos - charged)
        self._charge(TransferKind.CHARGE, entry, charged)
        return self._settlement(Outcome.CHARGED, entry)

    def void(self, call: UUID) -> None:
        if call in self.holds:
            self._end_unpaid([call], TransferKind.VOID)

    def expire_holds(self) -> int:
        due = [call for call, hold in self.holds.items() if self._is_over(hold)]
        self._end_unpaid(due, TransferKind.EXPIRED)
        return len(due)

    # -- What can be seen

    def rows(self) -> Rows:
        """In the shape in which the ledger's rows are read."""
        accounts: Rows = {
            ("account", str(a.id)): (a.credits, a.debits, a.pending, a.slots, int(a.is_closed))
            for a in self.accounts.values()
        }
        lots: Rows = {
            ("lot", str(lot.id)): (lot.amount, lot.expired, lot.refunded, lot.withdrawn, lot.kept, lot.terms.paid_minor)
            for book in self.books.values()
            for lot in book.lots
        }
        return accounts | lots

    def parts_of(self, call: UUID) -> list[tuple[UUID, int]]:
        """What a call took from which lot."""
        entry = self.entries.get(call) or self.entries.get(leg_id(call, "late"))
        return [(part.lot.id, part.amount) for part in entry.parts] if entry else []

    def is_due(self) -> bool:
        ends = any(lot.left > lot.kept and lot.end <= self.now for book in self.books.values() for lot in book.lots)
        starts = (account.next_start for account in self.accounts.values())
        return ends or any(start is not None and start <= self.now for start in starts)

    def next_event(self) -> datetime | None:
        """When something ends or begins next: a lot, a period, a lease or a hold."""
        moments = [account.next_start for account in self.accounts.values()]
        moments += [book.next_end(self.now) for book in self.books.values()]
        moments += [*self.leases.values(), *(hold.max_until for hold in self.holds.values())]
        return min((one for one in moments if one is not None and one > self.now), default=None)

    # -- What the acts share

    def draw(self, wallet: int, amount: int, minted: datetime) -> list[Taken]:
        """Books what a wallet spent on its lots; what ended lots no longer need to keep expires with it."""
        parts = self.books[wallet].draw(amount, minted=minted)
        self._trim(wallet)
        return parts

    def _trim(self, wallet: int) -> None:
        holds = [(minted_at(call), hold.amount) for call, hold in self.holds.items() if hold.accounts[-1] == wallet]
        account = self.accounts[wallet]
        account.debits += self.books[wallet].trim(holds, available=account.room, now=self.now)
        if (free := self.free.get(wallet)) is not None:
            free.count()

    def _settle_late(self, entry: SettleEntry) -> Settlement:
        before = self.ended.get(entry.call_id)
        if before is not None and before.kind in (TransferKind.CHARGE, TransferKind.LATE_CHARGE):
            return self._settlement(Outcome.REPEATED, entry)
        charged = self._take_what_is_there(self._with_free(entry.accounts), entry.charge_nanos)
        self._charge(TransferKind.LATE_CHARGE, entry, charged)
        return self._settlement(Outcome.LATE, entry)

    def _charge(self, kind: int, entry: SettleEntry, charged: int) -> None:
        wallet, call = entry.accounts[-1], entry.call_id
        transfer = leg_id(call, "late") if kind == TransferKind.LATE_CHARGE else call
        self.ended[call] = Ended(kind, charged, entry.charge_nanos - charged)
        self.entries[transfer] = Entry(wallet, kind, charged, self.draw(wallet, charged, minted_at(call)))

    def _settlement(self, outcome: Outcome, entry: SettleEntry) -> Settlement:
        ended = self.ended[entry.call_id]
        return Settlement(outcome, ended.charged, self._least(self._with_free(entry.accounts)), ended.lost)

    def _end_unpaid(self, calls: Sequence[UUID], kind: int) -> None:
        for call in calls:
            self.tend(self.holds[call].accounts)
        for call in calls:
            hold = self._release(call)
            self.ended[call] = Ended(kind)
            self._trim(hold.accounts[-1])

    def _release(self, call: UUID) -> Hold:
        hold = self.holds.pop(call)
        self._set_aside(hold.accounts, -hold.amount)
        if hold.has_slot:
            self._count_slots(hold, -1)
        return hold

    def _is_over(self, hold: Hold) -> bool:
        lease_ended = hold.owner != TASKS_OWNER and self.leases[hold.owner] <= self.now
        return lease_ended or hold.max_until <= self.now

    def _with_free(self, accounts: Sequence[int]) -> list[int]:
        """The account of the free credit stands before the wallet, where the wallet's switch is on."""
        free = self.free.get(accounts[-1])
        return [*accounts[:-1], free.id, accounts[-1]] if free is not None and free.is_capped else [*accounts]

    def _least(self, accounts: Sequence[int]) -> int:
        return min(self.accounts[id_].room for id_ in accounts)

    def _refusal(self, accounts: Sequence[int], amount: int, *, is_opening: bool) -> HoldAnswer | None:
        for id_ in accounts:
            if is_opening and self.accounts[id_].is_closed:
                return HoldAnswer(Refusal.CLOSED, id_, self.accounts[id_].room, 0)
        for id_ in accounts:
            if self.accounts[id_].room < amount:
                why = Refusal.FREE if isinstance(self.accounts[id_], FreeCredit) else Refusal.FUNDS
                return HoldAnswer(why, id_, self.accounts[id_].room, 0)
        return None

    def _set_aside(self, accounts: Sequence[int], amount: int) -> None:
        for id_ in accounts:
            self.accounts[id_].pending += amount

    def _count_slots(self, hold: Hold, step: int) -> None:
        for id_ in hold.slots:
            self.accounts[id_].slots += step

    def _add_debits(self, accounts: Sequence[int], amount: int) -> None:
        for id_ in accounts:
            self.accounts[id_].debits += amount

    def _take_what_is_there(self, accounts: Sequence[int], wanted: int) -> int:
        taken = min(wanted, self._least(accounts))
        self._add_debits(accounts, taken)
        return taken
