"""What the lines of a statement are called and how they add up. Pure values; where they come from is in `movements`."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import accumulate
from typing import Final
from uuid import UUID

from apps.core.pagination import Page


class Code(StrEnum):
    """The kinds of movements that programs may rely on. Names for people are with the pages."""

    TOP_UP = "top_up"
    CODE = "code"
    GIFT = "gift"
    VERIFICATION = "verification"
    REFERRAL = "referral"
    CAMPAIGN = "campaign"
    MIGRATION = "migration"
    COMPUTE = "compute"
    STORAGE = "storage"
    CLOUD = "cloud"
    REFUND = "refund"
    PAID_BACK = "paid_back"
    EXPIRY = "expiry"
    ADJUSTMENT = "adjustment"
    WITHDRAWAL = "withdrawal"
    REVERSAL = "reversal"


GRANT: Final = 6
"""The one transfer kind whose line is named after its lot's source. All numbers are those of `models.TransferKind`."""

CODE_BY_KIND: Final = {
    1: Code.COMPUTE,
    4: Code.COMPUTE,
    GRANT: Code.ADJUSTMENT,  # credits that were posted without a lot
    7: Code.PAID_BACK,
    8: Code.EXPIRY,
    9: Code.ADJUSTMENT,
    10: Code.REVERSAL,
    11: Code.STORAGE,
    12: Code.CLOUD,
    13: Code.REFUND,
    14: Code.WITHDRAWAL,
    15: Code.REFERRAL,
    16: Code.REFERRAL,
}
CODE_BY_SOURCE: Final = {
    "purchase": Code.TOP_UP,
    "wire": Code.TOP_UP,
    "code": Code.CODE,
    "gift": Code.GIFT,
    "verification": Code.VERIFICATION,
    "referral": Code.REFERRAL,
    "campaign": Code.CAMPAIGN,
    "refund_restore": Code.REFUND,
    "adjustment": Code.ADJUSTMENT,
    "migration": Code.MIGRATION,
}
COMPUTE_KINDS: Final = tuple(kind for kind, code in CODE_BY_KIND.items() if code is Code.COMPUTE)


@dataclass(frozen=True, slots=True)
class Period:
    """From `start`, included, to `end`, not included."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Movement:
    """One line: credits in (positive) or out, and what the wallet had afterwards.

    A line may stand for all calls of the business day `calls_on`; then `count` is their number and `at` the day's end.
    """

    id: UUID
    at: datetime
    code: Code
    amount_nanos: int
    balance_nanos: int
    call_id: UUID | None = None
    lot_id: UUID | None = None
    corrects_id: UUID | None = None
    reason: str = ""
    business_on: date | None = None
    count: int = 1
    calls_on: date | None = None


@dataclass(frozen=True, slots=True)
class Total:
    code: Code
    amount_nanos: int
    count: int


@dataclass(frozen=True, slots=True)
class Statement:
    """`opening_nanos` plus the amounts of `totals` is `closing_nanos`, whatever part of the lines the page shows."""

    closing_nanos: int
    totals: Sequence[Total]
    page: Page[Movement]

    @property
    def moved_nanos(self) -> int:
        return sum(total.amount_nanos for total in self.totals)

    @property
    def opening_nanos(self) -> int:
        return self.closing_nanos - self.moved_nanos

    @property
    def count(self) -> int:
        return sum(total.count for total in self.totals)


def code_of(kind: int, source: str | None) -> Code:
    """What a transfer of this kind is called; `source` is that of the lot it made."""
    return CODE_BY_SOURCE[source] if kind == GRANT and source is not None else CODE_BY_KIND[kind]


def kinds_of(codes: Collection[Code]) -> list[int]:
    """The transfer kinds that always have one of these codes, and `GRANT` for grants without a lot."""
    return [kind for kind, code in CODE_BY_KIND.items() if code in codes]


def sources_of(codes: Collection[Code]) -> list[str]:
    """The sources of lots whose grants have one of these codes."""
    return [source for source, code in CODE_BY_SOURCE.items() if code in codes]


def totals_by_code(sums: Iterable[tuple[int, str | None, int, int]]) -> list[Total]:
    """Sums by transfer kind and source, put together by code, in the order of `Code`."""
    found: dict[Code, Total] = {}
    for kind, source, amount_nanos, count in sums:
        code = code_of(kind, source)
        before = found.get(code, Total(code, 0, 0))
        found[code] = Total(code, before.amount_nanos + amount_nanos, before.count + count)
    return [found[code] for code in Code if code in found]


def balances_after(opening_nanos: int, amounts: Iterable[int]) -> list[int]:
    """The balance after each movement, the oldest first."""
    return list(accumulate(amounts, initial=opening_nanos))[1:]
