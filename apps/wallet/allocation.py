"""Which lots spending came from, in burn order. Pure values.

Where only free credit may be spent, free lots come first. Then: soonest end, free before paid, oldest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Share:
    """A lot as the burn order sees it."""

    lot_id: UUID
    left_nanos: int
    spend_until: datetime | None
    is_paid: bool
    granted_at: datetime
    is_kept: bool = False
    """Past its end: only for calls that began before, so the last one for all others."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a wallet's spending, counted from its first nanocredit, and the lot that it came from."""

    lot_id: UUID
    starts_nanos: int
    amount_nanos: int

    def within(self, start: int, end: int) -> int:
        """How much of the stretch lies in `[start, end)`."""
        return max(min(self.starts_nanos + self.amount_nanos, end) - max(self.starts_nanos, start), 0)


def stretches(
    shares: Sequence[Share], spent_nanos: int, *, starts_nanos: int = 0, free_first: bool = False
) -> list[Stretch]:
    """What `spent_nanos`, the first of them at `starts_nanos`, take from each lot, in burn order."""
    drawn: list[Stretch] = []
    for share in sorted(shares, key=lambda share: _burn_order(share, free_first=free_first)):
        taken = min(share.left_nanos, spent_nanos)
        if taken:
            drawn.append(Stretch(share.lot_id, starts_nanos, taken))
        starts_nanos += taken
        spent_nanos -= taken
    return drawn


def left_after(shares: Sequence[Share], spent_nanos: int, *, free_first: bool = False) -> dict[UUID, int]:
    """What each lot still holds when `spent_nanos` are taken in burn order."""
    left = {share.lot_id: share.left_nanos for share in shares}
    for drawn in stretches(shares, spent_nanos, free_first=free_first):
        left[drawn.lot_id] -= drawn.amount_nanos
    return left


def _burn_order(share: Share, *, free_first: bool) -> tuple[bool, bool, datetime, bool, datetime, UUID]:
    return (
        share.is_kept,
        free_first and share.is_paid,
        share.spend_until or _NEVER,
        share.is_paid,
        share.granted_at,
        share.lot_id,
    )
