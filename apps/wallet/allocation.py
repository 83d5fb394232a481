"""Which lots spending came from: soonest end first, then free before paid, then oldest. Pure values."""

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


def burn_order(share: Share) -> tuple[datetime, bool, datetime, UUID]:
    return (share.spend_until or _NEVER, share.is_paid, share.granted_at, share.lot_id)


def left_after(shares: Sequence[Share], spent_nanos: int) -> dict[UUID, int]:
    """What each lot still holds when `spent_nanos` are taken in burn order."""
    left: dict[UUID, int] = {}
    for share in sorted(shares, key=burn_order):
        taken = min(share.left_nanos, spent_nanos)
        left[share.lot_id] = share.left_nanos - taken
        spent_nanos -= taken
    return left
