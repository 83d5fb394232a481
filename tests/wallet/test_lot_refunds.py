"""The money for credits of a paid lot: rounded down, and never more in all than what was paid."""

from uuid import UUID

from apps.wallet.lot_refunds import RefundStep, money_of_refunds


def money(*steps: tuple[int, int | None]) -> list[int]:
    """Of ¥1.00 for 3 credits; a step is an amount, and the number of the refund that it undoes."""
    told = [
        RefundStep(UUID(int=n), amount, None if undoes is None else UUID(int=undoes))
        for n, (amount, undoes) in enumerate(steps, start=1)
    ]
    return list(money_of_refunds(100, 3, told).values())


def test_parts_add_up_to_the_whole() -> None:
    assert money((1, None), (1, None), (1, None)) == [33, 33, 34]
    assert money((1, None), (2, None)) == [33, 67]


def test_a_reversed_refund_takes_its_own_money_back() -> None:
    assert money((2, None), (2, 1), (1, None)) == [66, 33]


def test_a_lot_never_pays_more_than_it_cost_whatever_was_reversed() -> None:
    """33 and 67 out, the 33 back: 67 are out for 2 credits, so the third brings 33."""
    assert money((1, None), (2, None), (1, 1), (1, None)) == [33, 67, 33]


def test_a_part_that_was_paid_too_well_waits_for_the_next() -> None:
    """67 are out for 2 credits that are worth 66: undoing the first leaves the second its cent."""
    assert money((1, None), (2, None), (1, 1), (0, None)) == [33, 67, 0]
