"""Random histories: each act happens to the real ledger and to the plain model at once, and both must answer alike.

After every act all accounts, lots and dues of the history's wallets are compared, read by one query.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from apps.core.clock import now as real_now
from apps.wallet import errors, invariants, queries
from apps.wallet import services as wallet
from apps.wallet.models import AccountKind, TransferKind
from apps.wallet.types import TASKS_OWNER, HoldRequest, SettleEntry
from tests.wallet.histories import ids, ledger
from tests.wallet.histories.model import Model

TICK = timedelta(milliseconds=1)
LEASE = timedelta(seconds=30)
LIMITS = (
    (AccountKind.TOKEN, None, ""),
    (AccountKind.TOKEN, 20, "daily"),
    (AccountKind.PROJECT, 25, "weekly"),
    (AccountKind.MEMBER, 15, "monthly"),
    (AccountKind.TEAM, 30, ""),
)
JUMPS = [timedelta(**span) for span in ({"seconds": 6}, {"seconds": 31}, {"minutes": 61}, {"days": 1}, {"days": 8})]

amounts = st.integers(0, 15)
limits = st.none() | st.integers(0, 40)
refills = st.sampled_from(["", "daily", "weekly", "monthly"])
picks = st.integers(0, 31)
tokens = st.sampled_from([0, 0, 1])
places = st.sampled_from([0, 0, 0, 1])


def first_instant() -> datetime:
    """Next month's beginning: partitions reach two months beyond it, and leases are not over by the real clock."""
    month = real_now().astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (month + timedelta(days=32)).replace(day=1)


Answer = TypeVar("Answer")


class CallHistories(RuleBasedStateMachine):
    """Two wallets, each with two tokens and three budgets; calls, and the time that passes between them."""

    acts: Counter[str] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.scope = ExitStack()
        self.scope.enter_context(transaction.atomic())
        self.model = Model(first_instant())
        self.last_instant = self.model.now + timedelta(days=88)
        self.asked: list[HoldRequest] = []
        self.calls: list[HoldRequest] = []
        self.limits: dict[int, list[int]] = {}
        self.minted = 0
        ledger.set_clock(self.model.now)
        self.owners = [wallet.register_owner(label) for label in ("one", "two")]
        for owner in self.owners:
            self._set_lease(owner, self.model.now + LEASE)
        self.wallets = [self._open_wallet(), self._open_wallet()]

    @classmethod
    def steps(cls) -> int:
        return sum(cls.acts.values())

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.scope.close()

    # -- Calls

    @rule(place=places, token=tokens, amount=amounts)
    def authorise(self, place: int, token: int, amount: int) -> None:
        self._begin("authorise")
        self._ask(place, token, (), amount)

    @rule(place=places, token=tokens, budgets=st.sampled_from([(0,), (1,), (0, 2)]), amount=amounts)
    def authorise_with_budgets(self, place: int, token: int, budgets: tuple[int, ...], amount: int) -> None:
        self._begin("authorise")
        self._ask(place, token, budgets, amount)

    @rule(place=places, amount=amounts, owner=st.integers(0, 2), seconds=st.sampled_from([20, 3900]))
    def authorise_what_may_not_end(self, place: int, amount: int, owner: int, seconds: int) -> None:
        """By a process that may die, or for a task, or for a short time."""
        self._begin("authorise")
        self._ask(place, 0, (), amount, owner=[*self.owners, TASKS_OWNER][owner], seconds=seconds)

    @rule(place=places, amount=amounts, milliseconds=st.sampled_from([-3000, -900, 900, 3000]))
    def authorise_by_a_wrong_clock(self, place: int, amount: int, milliseconds: int) -> None:
        """The id was minted a while ago, or by a machine whose clock runs ahead."""
        self._begin("authorise by a wrong clock")
        self._ask(place, 0, (), amount, skew=milliseconds * TICK)

    @precondition(lambda self: self.asked)
    @rule(pick=picks)
    def authorise_again(self, pick: int) -> None:
        self._begin("authorise again")
        self._authorise(self.asked[-1 - pick % len(self.asked)], owner=self.owners[0])

    @precondition(lambda self: self.calls)
    @rule(pick=picks, amount=amounts)
    def extend_to(self, pick: int, amount: int) -> None:
        """Also what is over, and to less than is held."""
        self._begin("extend to")
        call = self._call(pick).call_id
        self._both(lambda: wallet.extend_hold(call, amount_nanos=amount), lambda: self.model.extend(call, amount))

    @precondition(lambda self: self.model.holds)
    @rule(pick=picks, seconds=st.sampled_from([1, 60, 90_000]), release_slot=st.booleans())
    def hand_over(self, pick: int, seconds: int, release_slot: bool) -> None:
        self._begin("hand over")
        call = self._call(pick).call_id
        until = self.model.now + timedelta(seconds=seconds)
        self._both(
            lambda: wallet.hand_over_hold(call, owner_id=TASKS_OWNER, max_until=until, release_slot=release_slot),
            lambda: self.model.hand_over(call, owner=TASKS_OWNER, max_until=until, release_slot=release_slot),
        )

    @precondition(lambda self: self.calls)
    @rule(pick=picks, charge=amounts)
    def settle_any(self, pick: int, charge: int) -> None:
        """Also what was settled, voided or expired before."""
        self._begin("settle any")
        self._settle(self._call(pick), charge)

    @precondition(lambda self: self.model.holds)
    @rule(pick=picks, less=st.integers(0, 5))
    def settle_within_the_hold(self, pick: int, less: int) -> None:
        self._begin("settle within the hold")
        call = self._open_call(pick)
        self._settle(call, max(self.model.holds[call.call_id].amount - less, 0))

    @precondition(lambda self: self.model.holds)
    @rule(pick=picks, more=st.integers(1, 15))
    def settle_above_the_hold(self, pick: int, more: int) -> None:
        self._begin("settle above the hold")
        call = self._open_call(pick)
        self._settle(call, self.model.holds[call.call_id].amount + more)

    @precondition(lambda self: self.model.holds)
    @rule(pick=picks, more=st.integers(0, 9))
    def extend_an_open_one(self, pick: int, more: int) -> None:
        self._begin("extend")
        call = self._open_call(pick).call_id
        amount = self.model.holds[call].amount + more
        self._both(lambda: wallet.extend_hold(call, amount_nanos=amount), lambda: self.model.extend(call, amount))

    @precondition(lambda self: self._unpaid())
    @rule(pick=picks, charge=st.integers(0, 25))
    def settle_what_ended_unpaid(self, pick: int, charge: int) -> None:
        """The charge of a call whose hold was given back: late, and maybe more than is there."""
        self._begin("settle late")
        unpaid = self._unpaid()
        self._settle(unpaid[-1 - pick % len(unpaid)], charge)

    @precondition(lambda self: self.model.holds)
    @rule(pick=picks)
    def void(self, pick: int) -> None:
        self._begin("void")
        self._void(self._open_call(pick))

    @precondition(lambda self: self.calls)
    @rule(pick=picks)
    def void_any(self, pick: int) -> None:
        """Also what is over."""
        self._begin("void any")
        self._void(self._call(pick))

    @precondition(lambda self: self.model.holds)
    @rule()
    def expire_holds(self) -> None:
        self._begin("expire holds")
        self._both(wallet.expire_holds, self.model.expire_holds)

    @precondition(lambda self: any(hold.owner in self.owners for hold in self.model.holds.values()))
    @rule(owner=st.integers(0, 1), seconds=st.sampled_from([30, -1]))
    def renew_or_end_lease(self, owner: int, seconds: int) -> None:
        self._begin("lease")
        self._set_lease(self.owners[owner], self.model.now + timedelta(seconds=seconds))

    # -- Accounts

    @precondition(lambda self: self.calls)
    @rule(place=places, which=st.integers(0, 4), limit=limits, refill=refills)
    def set_limit(self, place: int, which: int, limit: int | None, refill: str) -> None:
        self._begin("set limit")
        account = self.limits[self.wallets[place]][which]
        self._both(
            lambda: wallet.set_limit(account, limit_nanos=limit, refill=refill),
            lambda: self.model.set_limit(account, limit=limit, refill=refill),
        )

    @precondition(lambda self: self.calls)
    @rule(place=places, which=st.integers(0, 5), is_closed=st.sampled_from([False, False, False, True]))
    def close_or_reopen(self, place: int, which: int, is_closed: bool) -> None:
        self._begin("close or reopen")
        account = [*self.limits[self.wallets[place]], self.wallets[place]][which]
        change = wallet.close_account if is_closed else wallet.reopen_account
        self._both(lambda: change(account), lambda: self.model.set_closed(account, is_closed=is_closed))

    # -- Time

    @precondition(lambda self: self.calls)
    @rule(span=st.sampled_from(JUMPS))
    def wait(self, span: timedelta) -> None:
        self._jump(self.model.now + span)

    @rule(milliseconds=st.sampled_from([-2, -1, 0, 1]))
    def wait_for_what_comes_next(self, milliseconds: int) -> None:
        """An end of a lot, of a period, a lease or a hold; to the millisecond before it, at it, after it."""
        if instant := self.model.next_event():
            self._jump(instant + milliseconds * TICK)

    @precondition(lambda self: self._next_ends())
    @rule(milliseconds=st.sampled_from([-2, -1, 0, 1]))
    def wait_for_the_end_of_a_lot(self, milliseconds: int) -> None:
        self._jump(min(self._next_ends()) + milliseconds * TICK)

    # -- What must be the same

    @invariant()
    def all_rows_are_the_same(self) -> None:
        found, expected = ledger.rows(self.wallets), self.model.rows()
        assert found == expected, sorted(
            {
                (key, found.get(key), expected.get(key))
                for key in found.keys() | expected.keys()
                if found.get(key) != expected.get(key)
            },
            key=str,
        )

    @precondition(lambda self: self.calls)
    @rule(place=places)
    def look_at_the_lots(self, place: int) -> None:
        self._begin("look at lots")
        wallet_id = self.wallets[place]
        wallet.tend_accounts([wallet_id])
        self.model.tend([wallet_id])
        left = {lot.lot_id: lot.remaining_nanos for lot in queries.lots_of(wallet_id)}
        assert left == {lot.id: lot.left for lot in self.model.books[wallet_id].lots}

    @precondition(lambda self: self.model.is_due())
    @rule()
    def sweep(self) -> None:
        self._begin("sweep")
        self._sweep()

    @precondition(lambda self: self.calls)
    @rule(pick=picks)
    def ask_what_a_call_drew_from(self, pick: int) -> None:
        self._begin("ask what a call drew from")
        call = self._call(pick).call_id
        assert [(part.lot_id, part.amount_nanos) for part in queries.draws_of(call)] == self.model.parts_of(call)

    @precondition(lambda self: self.calls)
    @rule()
    def verify(self) -> None:
        """What the clock brought has happened by then, as a sweep comes each minute."""
        self._begin("verify")
        self._sweep()
        found = invariants.violations()
        assert found == [], found

    # -- How it is done

    def _open_wallet(self) -> int:
        wallet_id = wallet.open_wallet("")
        self.model.open_wallet(wallet_id)
        self.limits[wallet_id] = [self._open_limit(wallet_id, *limit) for limit in LIMITS]
        return wallet_id

    def _open_limit(self, wallet_id: int, kind: int, limit: int | None, refill: str) -> int:
        account = wallet.open_limit(wallet_id, kind=kind, label="", limit_nanos=limit, refill=refill)
        self.model.open_limit(account, wallet=wallet_id, limit=limit, refill=refill)
        return account

    def _begin(self, act: str) -> None:
        """A millisecond goes by before each act. In one in which something ends at a fraction, nothing happens."""
        self.acts[act] += 1
        self.model.now += TICK
        while any(self.model.now <= end < self.model.now + TICK for end in self._fractional_ends()):
            self.model.now += TICK
        ledger.set_clock(self.model.now)

    def _fractional_ends(self) -> Iterator[datetime]:
        """Ends that the ledger counted from its own clock: microseconds later than the model's."""
        yield from (hold.max_until for hold in self.model.holds.values())
        yield from (lot.end for book in self.model.books.values() for lot in book.lots if lot.restores)

    def _jump(self, to: datetime) -> None:
        if self.model.now < to < self.last_instant:
            self.acts["wait"] += 1
            self.model.now = to

    def _sweep(self) -> None:
        wallet.tend_due()
        self.model.tend(list(self.model.accounts))

    def _set_lease(self, owner: int, until: datetime) -> None:
        ledger.set_lease(owner, until)
        self.model.leases[owner] = until

    def _call(self, pick: int) -> HoldRequest:
        """The latest call for 0, which is what a shrunken history has."""
        return self.calls[-1 - pick % len(self.calls)]

    def _open_call(self, pick: int) -> HoldRequest:
        still_open = [call for call in self.calls if call.call_id in self.model.holds]
        return still_open[-1 - pick % len(still_open)]

    def _ask(
        self,
        place: int,
        token: int,
        budgets: tuple[int, ...],
        amount: int,
        *,
        owner: int = TASKS_OWNER,
        seconds: int = 90_000,
        skew: timedelta = timedelta(0),
    ) -> None:
        self.minted += 1
        wallet_id = self.wallets[place]
        limits_of = self.limits[wallet_id]
        accounts = (limits_of[token], *(limits_of[2 + budget] for budget in budgets), wallet_id)
        call = ids.call_id(self.model.now + skew, self.minted)
        self.asked.append(HoldRequest(call, accounts, amount, 0, max_seconds=seconds))
        self._authorise(self.asked[-1], owner=owner)

    def _authorise(self, request: HoldRequest, *, owner: int) -> None:
        self._both(
            lambda: wallet.authorise(request, owner_id=owner), lambda: self.model.authorise(request, owner=owner)
        )
        if request.call_id in self.model.holds and request not in self.calls:
            self.calls.append(request)

    def _void(self, request: HoldRequest) -> None:
        call = request.call_id
        self._both(lambda: wallet.void_hold(call), lambda: self.model.void(call))

    def _next_ends(self) -> list[datetime]:
        ends = (book.next_end(self.model.now) for book in self.model.books.values())
        return [end for end in ends if end is not None]

    def _unpaid(self) -> list[HoldRequest]:
        unpaid = (TransferKind.VOID, TransferKind.EXPIRED)
        ended = self.model.ended
        return [call for call in self.calls if call.call_id in ended and ended[call.call_id].kind in unpaid]

    def _settle(self, request: HoldRequest, charge: int) -> None:
        entry = SettleEntry(request.call_id, request.accounts, charge, 0)
        self._both(lambda: wallet.settle_hold(entry), lambda: self.model.settle(entry))

    def _both(self, real: Callable[[], Answer], model: Callable[[], Answer]) -> None:
        """Lets an act happen here and there; the answers, or the errors, must be the same."""
        answer, expected = outcome_of(real), outcome_of(model)
        assert answer == expected, f"the ledger answered {answer}, the model {expected}"


def outcome_of(act: Callable[[], Answer]) -> Answer | type[errors.WalletError]:
    try:
        return act()
    except errors.WalletError as error:
        return type(error)
