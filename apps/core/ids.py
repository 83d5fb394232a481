"""Ids: UUIDv7 inside, a prefix and lower-case base32 outside (`tk_…`, `team_…`). Never a row number."""

import base64
import os
import time
from datetime import UTC, datetime
from uuid import UUID


def uuid7() -> UUID:
    """A new UUIDv7 (RFC 9562): 48 bits of milliseconds, then random. Sorts by time to the millisecond."""
    return uuid7_at(time.time_ns() // 1_000_000)


def uuid7_at(milliseconds: int) -> UUID:
    """A UUIDv7 of a given Unix millisecond, random in the rest."""
    random = int.from_bytes(os.urandom(10), "big")
    value = milliseconds << 80 | 0x7 << 76 | (random >> 62 & 0xFFF) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    return UUID(int=value)


def minted_at(id_: UUID) -> datetime:
    """The instant a UUIDv7 was made, to the millisecond."""
    return datetime.fromtimestamp((id_.int >> 80) / 1000, UTC)


def public_id(prefix: str, id_: UUID) -> str:
    """`tk` and a UUID → `tk_` + 26 characters."""
    return f"{prefix}_{base64.b32encode(id_.bytes).decode().rstrip('=').lower()}"


def parse_public_id(prefix: str, text: str) -> UUID | None:
    """The UUID behind a public id; None for another prefix or any other text, so that doors answer 404."""
    head, _, tail = text.partition("_")
    if head != prefix or len(tail) != 26 or tail != tail.lower():
        return None
    try:
        raw = base64.b32decode(tail.upper() + "======")
    except ValueError:
        return None
    id_ = UUID(bytes=raw)
    return id_ if public_id(prefix, id_) == text else None
