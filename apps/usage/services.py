"""Adds settled calls and refusals to the roll-ups, and forgets addresses when their time is over."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from apps.core import partitions
from apps.core.locks import lock_for_transaction
from apps.usage.limit_alerts import take_limits_as_told
from apps.usage.low_balances import watch_balance
from apps.usage.types import Refused

__all__ = ["take_limits_as_told", "watch_balance"]

ORIGIN_DAYS = 90
MINUTE_DAYS = 35
# Records are committed this long after their `settled_at` at the very latest: statements end after 5 s, 15 s elsewhere.
_SETTLING_SECONDS = 30
# A roll-up that was away catches up in spans of this length, each in its own transaction and far from its timeout.
_SPAN = timedelta(minutes=10)

_UNTIL = "SELECT clock_timestamp() - make_interval(secs => %s)"
_SINCE = """
    SELECT coalesce((SELECT settled_before FROM usage_rollupwatermark), (SELECT min(settled_at) FROM usage_record), %s)
"""
_SUMS = "sum(input_tokens)::bigint, sum(output_tokens)::bigint, sum(charge_nanos)::bigint"
_ADDED = ", ".join(
    f"{column} = kept.{column} + excluded.{column}"
    for column in ("calls", "input_tokens", "output_tokens", "charge_nanos")
)
_ADD_MINUTES = f"""
    INSERT INTO usage_minuteusage AS kept
        (minute, team_id, token_id, model_code, status, calls, refused, input_tokens, output_tokens, charge_nanos)
    SELECT date_trunc('minute', at), team_id, token_id, model_code, status, count(*), 0, {_SUMS}
    FROM usage_record WHERE settled_at >= %(since)s AND settled_at < %(until)s GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (team_id, minute, token_id, model_code, status) DO UPDATE SET {_ADDED}
"""  # noqa: S608  constants
_ADD_DAYS = f"""
    WITH added AS (
        INSERT INTO usage_dayusage AS kept
            (day, team_id, token_id, model_code, calls, errors, input_tokens, output_tokens, charge_nanos)
        SELECT (at AT TIME ZONE %(zone)s)::date, team_id, token_id, model_code,
               count(*), count(*) FILTER (WHERE status >= 400), {_SUMS}
        FROM usage_record WHERE settled_at >= %(since)s AND settled_at < %(until)s GROUP BY 1, 2, 3, 4
        ON CONFLICT (team_id, day, token_id, model_code)
            DO UPDATE SET {_ADDED}, errors = kept.errors + excluded.errors
    )
    SELECT count(*) FROM usage_record WHERE settled_at >= %(since)s AND settled_at < %(until)s
"""  # noqa: S608  constants
_MOVE_WATERMARK = """
    INSERT INTO usage_rollupwatermark (id, settled_before) VALUES (1, %(until)s)
    ON CONFLICT (id) DO UPDATE SET settled_before = excluded.settled_before
"""
_DROP_MINUTES = """
    DELETE FROM usage_minuteusage WHERE id IN (SELECT id FROM usage_minuteusage WHERE minute < %s LIMIT %s)
"""
_DROPPED_AT_ONCE = 5_000
_ADD_REFUSALS = """
    INSERT INTO usage_minuteusage AS kept
        (minute, team_id, token_id, model_code, status, calls, refused, input_tokens, output_tokens, charge_nanos)
    SELECT minute, team_id, token_id, model_code, status, 0, refused, 0, 0, 0
    FROM unnest(%s::timestamptz[], %s::bigint[], %s::bigint[], %s::text[], %s::smallint[], %s::bigint[])
        AS counted (minute, team_id, token_id, model_code, status, refused)
    ON CONFLICT (team_id, minute, token_id, model_code, status)
        DO UPDATE SET refused = kept.refused + excluded.refused
"""


def roll_up() -> int:
    """Adds every call settled since the last time to its minute and its business day; returns how many.

    Safe to repeat, late or twice at once: sums and watermark move in one transaction, behind a lock, by the clock of
    the database that stamped the records.
    """
    with connection.cursor() as cursor:
        cursor.execute(_UNTIL, [_SETTLING_SECONDS])
        (until,) = cursor.fetchone()
    added = 0
    while (calls := _roll_up_span(until)) is not None:
        added += calls
    return added


def add_refusals(counts: Mapping[Refused, int]) -> None:
    """Adds calls that were turned away to the minutes. Not safe to repeat: hand each count in once."""
    if not counts:
        return
    rows = [(r.minute, r.team_id, r.token_id, r.model_code, r.status, n) for r, n in sorted(counts.items(), key=_place)]
    with connection.cursor() as cursor:
        cursor.execute(_ADD_REFUSALS, [list(column) for column in zip(*rows, strict=True)])


def drop_expired_origins(*, at: datetime) -> int:
    """Forgets the addresses of calls older than the retention; returns how many days were dropped. Safe to repeat."""
    return partitions.drop_before("usage_origin", at - timedelta(days=ORIGIN_DAYS))


def drop_old_minutes(*, at: datetime) -> int:
    """Removes minutes older than `MINUTE_DAYS`; returns how many rows. Batch by batch, safe to repeat and to stop."""
    dropped: int = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_DROP_MINUTES, [at - timedelta(days=MINUTE_DAYS), _DROPPED_AT_ONCE])
            dropped += cursor.rowcount
            if cursor.rowcount < _DROPPED_AT_ONCE:
                return int(dropped)


def _roll_up_span(latest: datetime) -> int | None:
    """Adds one span that ends at `latest` or before; None when there is nothing left to add."""
    with transaction.atomic(), connection.cursor() as cursor:
        lock_for_transaction("usage.roll_up")
        cursor.execute(_SINCE, [latest])
        (since,) = cursor.fetchone()
        if since >= latest:
            return None
        span = {"since": since, "until": min(since + _SPAN, latest), "zone": settings.BILLING_TZ}
        cursor.execute(_ADD_MINUTES, span)
        cursor.execute(_ADD_DAYS, span)
        (added,) = cursor.fetchone()
        cursor.execute(_MOVE_WATERMARK, span)
        return int(added)


def _place(counted: tuple[Refused, int]) -> tuple[object, ...]:
    """The order in which rows are locked, so that two processes that flush at once do not deadlock."""
    refused = counted[0]
    return refused.team_id, refused.minute, refused.token_id, refused.model_code, refused.status
