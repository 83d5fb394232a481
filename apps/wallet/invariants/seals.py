"""Closed months, as they were when they were closed: how the night notices that somebody changed an old row.

A month is sealed once, two days after its end, and never again by itself. Transfers that a late delivery adds to it
afterwards were posted later and do not count.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db import connection

from apps.core.locks import lock_for_transaction
from apps.core.partitions import months_from, uuid_floor

SENTENCE = "the closed month {} is not what it was when it was sealed"
_GRACE = timedelta(days=2)
_MONTHS = """
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = to_regclass('wallet_transfer') AND c.relname NOT IN (SELECT month FROM wallet_seal)
    ORDER BY c.relname
"""
# The columns are named and timestamps are numbers, so that no new column and no setting changes a digest.
_COUNTED = """
    SELECT count(*), coalesce(sum(t.amount_nanos), 0), coalesce(sum(('x' || left(md5(ROW (
        t.id, t.hold_id, t.wallet_id, t.debit_account, t.credit_account, t.amount_nanos, t.held_nanos, t.actor_id,
        t.reverses_id, extract(epoch FROM t.at), t.kind, t.accounts, t.reason, t.lot_id,
        t.business_on - date '2000-01-01'
    )::text), 16))::bit(64)::bigint), 0)
    FROM wallet_transfer t WHERE t.id >= %s AND t.id < %s AND t.at < %s
"""
_SEAL = """
    INSERT INTO wallet_seal (month, posted_before, transfers, amount_nanos, digest, sealed_at, compared_at)
    VALUES (%s, %s, %s, %s, %s, wallet_now(), wallet_now())
"""
_LONGEST_COMPARED_FIRST = "SELECT month FROM wallet_seal ORDER BY compared_at, month LIMIT %s"
_COMPARED = "UPDATE wallet_seal SET compared_at = wallet_now() WHERE month = %s"

Figures = tuple[int, Decimal, Decimal]


def unsealed(at: datetime) -> list[str]:
    """The months that have ended two days ago or more and are not sealed yet, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_MONTHS)
        names = [str(row[0]) for row in cursor.fetchall()]
    return [name for name in names if re.search(r"_\d{6}$", name) and _posted_before(name) <= at]


def seal(month: str) -> None:
    """Safe to repeat: who comes second finds it sealed."""
    lock_for_transaction("wallet.seals")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM wallet_seal WHERE month = %s", [month])
        if not cursor.fetchone():
            before = _posted_before(month)
            cursor.execute(_SEAL, [month, before, *_figures(month, before)])


def next_to_compare(at_most: int | None) -> list[str]:
    """Sealed months, the one that was not looked at for longest first; all of them without a number."""
    with connection.cursor() as cursor:
        cursor.execute(_LONGEST_COMPARED_FIRST, [at_most])
        return [str(row[0]) for row in cursor.fetchall()]


def is_unchanged(month: str) -> bool:
    """Compares count, sum and digest of a sealed month."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT posted_before, transfers, amount_nanos, digest FROM wallet_seal WHERE month = %s", [month]
        )
        before, *sealed = cursor.fetchone()
        found = _figures(month, before)
        cursor.execute(_COMPARED, [month])
    return found == tuple(sealed)


def _figures(month: str, before: datetime) -> Figures:
    """Day by day: one statement over a month would be a long snapshot, which slows the hot rows."""
    starts, ends = _bounds(month)
    days = [starts + timedelta(days=n) for n in range((ends - starts).days)]
    parts = [_figures_between(day, day + timedelta(days=1), before) for day in days]
    return sum(p[0] for p in parts), sum((p[1] for p in parts), Decimal()), sum((p[2] for p in parts), Decimal())


def _figures_between(starts: datetime, ends: datetime, before: datetime) -> Figures:
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, [uuid_floor(starts), uuid_floor(ends), before])
        rows, amount, digest = cursor.fetchone()
    return int(rows), Decimal(amount), Decimal(digest)


def _bounds(month: str) -> tuple[datetime, datetime]:
    """A partition's name tells its span: `wallet_transfer_202611`."""
    first = datetime.strptime(month[-6:], "%Y%m").replace(tzinfo=UTC)
    ((_, starts, ends),) = months_from(first, ahead=0)
    return starts, ends


def _posted_before(month: str) -> datetime:
    return _bounds(month)[1] + _GRACE
