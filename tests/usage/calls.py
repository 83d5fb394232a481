"""Calls for the tests of this app: rows as the relay makes them, stored as the settle statement stores them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection

from apps.core.ids import uuid7_at
from apps.usage import records
from apps.usage.models import UsageRecord


def this_morning() -> datetime:
    """Eight o'clock UTC of today: in a partition, and the same business day in Shanghai."""
    return datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0)


def row(at: datetime | None = None, **changes: object) -> records.UsageRow:
    at = at or this_morning()
    call = records.UsageRow(
        id=uuid7_at(int(at.timestamp() * 1000)),
        at=at,
        team_id=1,
        wallet_id=2,
        token_id=3,
        model_id=4,
        model_code="gpt-4o-mini",
        channel_id=5,
        access_group="default",
        endpoint="chat.completions",
        price_version_id=6,
        latency_ms=240,
        input_tokens=12,
        output_tokens=7,
    )
    return replace(call, **changes)


def store(*calls: tuple[records.UsageRow, str, int]) -> None:
    """Runs the INSERT as the settle statement does, behind a `done` made up here: (row, outcome, charged)."""
    done = "done AS (SELECT * FROM unnest(%s::uuid[], %s::text[], %s::bigint[]) AS d (id, outcome, charged))"
    outcomes = [[c.id for c, _, _ in calls], [o for _, o, _ in calls], [n for _, _, n in calls]]
    columns = [list(values) for values in zip(*(c.as_row() for c, _, _ in calls), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {done}, {records.INSERT} SELECT count(*) FROM done", outcomes + columns)


def charged(call: records.UsageRow, nanos: int = 1_000, *, settled_ago: timedelta = timedelta(minutes=5)) -> UUID:
    """A call that was charged and settled a while ago."""
    store((call, "charged", nanos))
    UsageRecord.objects.filter(id=call.id).update(settled_at=datetime.now(UTC) - settled_ago)
    return call.id
