"""Ids of a made-up time: calls are minted by their caller, so a history mints them by its own clock."""

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def call_id(at: datetime, number: int) -> UUID:
    """A UUIDv7 of an instant; the number makes it the only one, and the same one in every run."""
    return UUID(int=(at - EPOCH) // MILLISECOND << 80 | 0x7 << 76 | 0b10 << 62 | number)


def leg_id(call: UUID, leg: str) -> UUID:
    """The id of a further transfer of a call, as the ledger derives it."""
    digest = hashlib.md5(f"{call}:{leg}".encode(), usedforsecurity=False).hexdigest()
    return UUID(f"{call.hex[:12]}8{digest[:3]}8{digest[3:18]}")
