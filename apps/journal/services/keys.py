"""Callers' idempotency keys: what the first call with one ended in."""

from datetime import datetime, timedelta

from django.db import connection

from apps.journal.errors import KeyInUse, KeyReused
from apps.journal.models import IdempotencyRecord
from apps.journal.types import Replay

KEY_LIFE = timedelta(hours=24)


def begin_keyed(scope: str, *, key: str, digest: bytes, at: datetime) -> Replay | None:
    """Claims a caller's key on a route. None: go ahead, then `finish_keyed`. A `Replay`: this was done before.

    Runs in the transaction of the act, so a failed act frees its key. Raises `KeyReused` for another body and
    `KeyInUse` while the first call has not finished.
    """
    with connection.cursor() as cursor:
        # Without this, a twin would wait for the first call's commit instead of being told.
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"{scope} {key}"])
        if cursor.fetchone() != (True,):
            raise KeyInUse
        IdempotencyRecord.objects.filter(scope=scope, key=key, expires_at__lte=at).delete()
        cursor.execute(
            "INSERT INTO journal_idempotencyrecord (scope, key, digest, status, object_id, expires_at) "
            "VALUES (%s, %s, %s, 0, '', %s) ON CONFLICT (scope, key) DO NOTHING",
            [scope, key, digest, at + KEY_LIFE],
        )
        if cursor.rowcount:
            return None
    record = IdempotencyRecord.objects.get(scope=scope, key=key)
    if bytes(record.digest) != digest:
        raise KeyReused
    if not record.status:
        raise KeyInUse
    return Replay(record.status, record.object_id)


def finish_keyed(scope: str, *, key: str, status: int, object_id: str) -> None:
    """Stores what a repeat is answered with."""
    IdempotencyRecord.objects.filter(scope=scope, key=key).update(status=status, object_id=object_id)


def forget_expired_keys(*, at: datetime, at_most: int = 1000) -> int:
    """Deletes keys past their 24 hours, a batch at a time."""
    ids = IdempotencyRecord.objects.filter(expires_at__lte=at).order_by("expires_at").values("pk")[:at_most]
    return IdempotencyRecord.objects.filter(pk__in=ids).delete()[0]
