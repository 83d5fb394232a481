from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from apps.wallet.allocation import Share, left_after

DAY = datetime(2026, 1, 1, tzinfo=UTC)


def share(number: int, left: int, *, month: int | None = None, is_paid: bool = False) -> Share:
    return Share(UUID(int=number), left, datetime(2027, month, 1, tzinfo=UTC) if month else None, is_paid, DAY)


def test_the_lot_that_ends_soonest_is_spent_first() -> None:
    left = left_after([share(1, 10), share(2, 10, month=6), share(3, 10, month=3)], 15)

    assert left == {UUID(int=1): 10, UUID(int=2): 5, UUID(int=3): 0}


def test_free_credits_are_spent_before_paid_ones() -> None:
    assert left_after([share(1, 10, is_paid=True), share(2, 10)], 12) == {UUID(int=1): 8, UUID(int=2): 0}


@given(st.lists(st.integers(0, 100), max_size=8), st.lists(st.integers(0, 60), max_size=8))
def test_spending_at_once_leaves_what_spending_bit_by_bit_leaves(lots: list[int], spends: list[int]) -> None:
    shares = [share(number, left) for number, left in enumerate(lots)]

    bit_by_bit = {one.lot_id: one.left_nanos for one in shares}
    for spent in spends:
        bit_by_bit = left_after([share(id_.int, left) for id_, left in bit_by_bit.items()], spent)

    assert left_after(shares, sum(spends)) == bit_by_bit
