"""Spending booked in one piece at each boundary comes from the same lots as spending booked at once, call by call."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from apps.wallet.allocation import Share, Stretch, stretches
from apps.wallet.types import LotTerms
from tests.wallet.histories.book import Book, Lot

DAY = datetime(2027, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
A, B = UUID(int=1), UUID(int=2)

amounts = st.integers(0, 20)
acts = st.one_of(
    st.tuples(st.just("grant"), st.integers(1, 20), st.none() | st.integers(1, 6), st.booleans()),
    st.tuples(st.just("spend"), amounts),
    st.tuples(st.just("wait"), st.integers(1, 4)),
    st.tuples(st.just("switch"), st.booleans()),
)


@dataclass
class Lazy:
    """Lots as the ledger has them: what was spent since the last boundary is one number."""

    shares: list[Share] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    booked: int = 0
    unbooked: int = 0
    is_free_first: bool = False

    def projected(self) -> list[Stretch]:
        later = stretches(self.shares, self.unbooked, starts_nanos=self.booked, free_first=self.is_free_first)
        return self.stretches + later

    def book(self) -> None:
        self.stretches = self.projected()
        taken = self._taken_since(self.booked)
        self.shares = [
            Share(s.lot_id, s.left_nanos - taken.get(s.lot_id, 0), s.spend_until, s.is_paid, s.granted_at)
            for s in self.shares
        ]
        self.booked, self.unbooked = self.booked + self.unbooked, 0

    def end(self, now: datetime) -> None:
        self.shares = [s for s in self.shares if s.spend_until is None or s.spend_until > now]

    def _taken_since(self, start: int) -> dict[UUID, int]:
        return {s.lot_id: s.amount_nanos for s in self.stretches if s.starts_nanos >= start}


@given(st.lists(acts, max_size=30))
def test_booking_at_boundaries_takes_from_the_lots_that_booking_at_once_takes_from(history: list[tuple]) -> None:
    lazy, eager, calls, now = Lazy(), Book(), [], DAY

    for number, (act, *how) in enumerate(history, start=1):
        if act == "spend":
            amount = min(how[0], sum(lot.left for lot in eager.lots))
            calls.append((lazy.booked + lazy.unbooked, amount, eager.draw(amount, minted=now)))
            lazy.unbooked += amount
        else:
            lazy.book()
        if act == "wait":
            now += how[0] * HOUR
            lazy.end(now)
            eager.trim([], available=sum(lot.left for lot in eager.lots), now=now)
        if act == "switch":
            lazy.is_free_first = eager.is_free_first = how[0]
        if act == "grant":
            _grant(lazy, eager, number, *how, now=now)

    for start, amount, parts in calls:
        drawn = [(s.lot_id, s.within(start, start + amount)) for s in lazy.projected()]
        assert [pair for pair in drawn if pair[1]] == [(part.lot.id, part.amount) for part in parts]


def test_lots_keep_for_open_calls_what_these_need_of_them() -> None:
    """Free lot A of 10 ends at one o'clock, paid lot B of 20 never; 1 is spent of A.

    Open at one: a call of 4 and one of 3, both from before; so A keeps 7 of its 9, and 2 expire. The first call costs
    2: A has 5 left, the other call needs 3 of them, 2 more expire. A call from after one o'clock takes its 5 from B.
    The last one costs 6, 3 more than it held: 3 from A, 3 from B. In the end A was spent 6 and expired 4, B spent 8.
    """
    one = DAY + HOUR
    a = Lot(A, "gift", 10, LotTerms(spend_until=one))
    b = Lot(B, "purchase", 20, LotTerms(paid_minor=2000, currency="CNY"))
    book = Book([a, b])
    first, other = (DAY, 4), (DAY + HOUR / 2, 3)
    book.draw(1, minted=DAY)

    assert book.trim([first, other], available=22, now=one) == 2
    assert (a.left, a.kept) == (7, 7)

    book.draw(2, minted=DAY)
    assert book.trim([other], available=22, now=one) == 2
    assert (a.left, a.kept) == (3, 3)

    assert [(part.lot.id, part.amount) for part in book.draw(5, minted=one)] == [(B, 5)]

    drawn = book.draw(6, minted=DAY + HOUR / 2)
    assert [(part.lot.id, part.amount) for part in drawn] == [(A, 3), (B, 3)]
    assert book.trim([], available=12, now=one) == 0
    assert [(lot.consumed, lot.expired, lot.left) for lot in (a, b)] == [(6, 4, 0), (8, 0, 12)]


def _grant(
    lazy: Lazy, eager: Book, number: int, amount: int, hours: int | None, is_paid: bool, *, now: datetime
) -> None:
    until = None if hours is None else now + hours * HOUR
    terms = LotTerms(spend_until=until, paid_minor=100, currency="CNY") if is_paid else LotTerms(spend_until=until)
    lot = Lot(UUID(int=number), "purchase" if is_paid else "gift", amount, terms)
    eager.lots.append(lot)
    lazy.shares.append(Share(lot.id, amount, until, is_paid, now + timedelta(microseconds=number)))
