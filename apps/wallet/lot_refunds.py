"""What credits of a paid lot are worth in money: rounded down, cumulatively, so that parts never exceed the whole.

A lot's refunds count from its first credit on; what was restored elsewhere counts from its last one back. The two never
meet, so together they are at most what was paid.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class RefundStep:
    """A refund of a lot, or the reversal of one: `undoes` is then its id."""

    transfer_id: UUID
    amount_nanos: int
    undoes: UUID | None


def money_of_refunds(paid_minor: int, granted_nanos: int, steps: Iterable[RefundStep]) -> dict[UUID, int]:
    """The money of each refund, in the order in which they happened.

    A refund brings what was paid in all to the share of all credits that are out; the money of a reversed one came
    back as it went. Counting credits alone would pay ¥1.01 for a lot of ¥1.00: 0.33, 0.67, the 0.33 back, 0.34.
    """
    money: dict[UUID, int] = {}
    credits_out = money_out = 0
    for step in steps:
        if step.undoes is None:
            credits_out += step.amount_nanos
            money[step.transfer_id] = max(_share(paid_minor, granted_nanos, credits_out) - money_out, 0)
            money_out += money[step.transfer_id]
        else:
            credits_out -= step.amount_nanos
            money_out -= money[step.undoes]
    return money


def moved_minor(paid_minor: int, granted_nanos: int, *, before_nanos: int, amount_nanos: int) -> int:
    """The paid value that goes with `amount_nanos` restored elsewhere, after `before_nanos` went the same way."""
    left = granted_nanos - before_nanos
    return _share(paid_minor, granted_nanos, left) - _share(paid_minor, granted_nanos, left - amount_nanos)


def _share(paid_minor: int, granted_nanos: int, part_nanos: int) -> int:
    return paid_minor * part_nanos // granted_nanos
