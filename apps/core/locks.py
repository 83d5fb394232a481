"""Advisory locks by name, for jobs that must not run twice at once. Not for money: that is row locks."""

import hashlib

from django.db import connection


def lock_number(name: str) -> int:
    """A stable signed 64-bit number for a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


def lock_for_transaction(name: str) -> None:
    """Waits for the lock; the end of the transaction frees it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_number(name)])
