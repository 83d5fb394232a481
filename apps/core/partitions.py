"""Keeps partitions ahead of time for tables partitioned over their own UUIDv7. Run by migrate, at start, nightly.

The name of a partition tells its span: `_202611` a month, `_20261121` a day, both in UTC.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from psycopg import sql

from apps.core.clock import now
from apps.core.locks import lock_for_transaction

MONTHS_AHEAD = 3
DAYS_AHEAD = 7

Span = tuple[str, datetime, datetime]


def uuid_floor(at: datetime) -> UUID:
    """The smallest UUIDv7 of an instant: the bound of a partition."""
    return UUID(int=int(at.timestamp() * 1000) << 80)


def months_from(at: datetime, *, ahead: int) -> Iterator[Span]:
    """The month of `at` and the next `ahead` ones, as suffix, start and end."""
    start = at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _ in range(ahead + 1):
        end = (start + timedelta(days=32)).replace(day=1)
        yield f"{start:%Y%m}", start, end
        start = end


def days_from(at: datetime, *, ahead: int) -> Iterator[Span]:
    """The day of `at` and the next `ahead` ones, as suffix, start and end."""
    start = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for _ in range(ahead + 1):
        end = start + timedelta(days=1)
        yield f"{start:%Y%m%d}", start, end
        start = end


def ensure_monthly(table: str, months_ahead: int = MONTHS_AHEAD, *, at: datetime | None = None) -> int:
    """Makes the missing partitions of this month and the next ones; returns how many. Safe to repeat."""
    return _ensure(table, months_from(at or now(), ahead=months_ahead))


def ensure_daily(table: str, days_ahead: int = DAYS_AHEAD, *, at: datetime | None = None) -> int:
    """Makes the missing partitions of today and the next days; returns how many. Safe to repeat."""
    return _ensure(table, days_from(at or now(), ahead=days_ahead))


def ensure_all(*, at: datetime | None = None) -> int:
    """Keeps every partitioned table of the database ahead, each in the span of the partitions it has."""
    ensure: dict[int, Callable[..., int]] = {6: ensure_monthly, 8: ensure_daily}
    return sum(ensure[digits](table, at=at) for table, digits in _partitioned_tables().items())


def missing_next_month(*, at: datetime | None = None) -> list[str]:
    """Tables that could not take a row tomorrow (daily ones) or next month (monthly ones)."""
    spans = {6: list(months_from(at or now(), ahead=1)), 8: list(days_from(at or now(), ahead=1))}
    return [
        table
        for table, digits in sorted(_partitioned_tables().items())
        if any(f"{table}_{suffix}" not in _partitions_of(table) for suffix, _, _ in spans[digits])
    ]


def covered_until(*, at: datetime | None = None) -> datetime:
    """Until when every partitioned table can take rows; `at` itself when one of them cannot now."""
    at = at or now()
    spans = {6: list(months_from(at, ahead=MONTHS_AHEAD)), 8: list(days_from(at, ahead=DAYS_AHEAD))}
    return min((_covered(table, spans[digits], at) for table, digits in _partitioned_tables().items()), default=at)


def _covered(table: str, spans: list[Span], at: datetime) -> datetime:
    there = _partitions_of(table)
    for suffix, _, end in spans:
        if f"{table}_{suffix}" not in there:
            break
        at = end
    return at


def drop_before(table: str, at: datetime) -> int:
    """Drops partitions that ended before `at`: how retention forgets, without a DELETE. Returns how many it dropped."""
    old = [name for name in _partitions_of(table) if re.fullmatch(r"\d{8}", name[-8:]) and name[-8:] < f"{at:%Y%m%d}"]
    with connection.cursor() as cursor:
        for name in old:
            cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
    return len(old)


def _partitions_of(table: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass(%s)", [table])
        return {row[0] for row in cursor.fetchall()}


def _partitioned_tables() -> dict[str, int]:
    """Table → digits of its partitions' suffix."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.partrelid::regclass::text, max(length(substring(i.inhrelid::regclass::text from '_([0-9]+)$'))) "
            "FROM pg_partitioned_table p JOIN pg_inherits i ON i.inhparent = p.partrelid "
            "JOIN pg_class c ON c.oid = p.partrelid WHERE c.relkind = 'p' AND pg_table_is_visible(c.oid) GROUP BY 1"
        )
        return {table: digits for table, digits in cursor.fetchall() if digits in (6, 8)}


def _ensure(table: str, spans: Iterator[Span]) -> int:
    with transaction.atomic():
        lock_for_transaction(f"partitions:{table}")
        there = _partitions_of(table)
        missing = [span for span in spans if f"{table}_{span[0]}" not in there]
        for suffix, start, end in missing:
            _create(table, f"{table}_{suffix}", start, end)
    return len(missing)


def _create(table: str, partition: str, start: datetime, end: datetime) -> None:
    """Made apart and then attached: `CREATE … PARTITION OF` would stop every reader and writer of the table."""
    parent, child = sql.Identifier(table), sql.Identifier(partition)
    bounds = sql.Literal(str(uuid_floor(start))), sql.Literal(str(uuid_floor(end)))
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(child, parent))
        cursor.execute(
            sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(parent, child, *bounds)
        )
        for trigger, function in _statement_triggers(table):
            cursor.execute(
                sql.SQL("CREATE TRIGGER {} BEFORE TRUNCATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION {}()").format(
                    sql.Identifier(trigger), child, sql.Identifier(function)
                )
            )


def _statement_triggers(table: str) -> list[tuple[str, str]]:
    """Guards against TRUNCATE do not pass down to partitions by themselves; row triggers do."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.tgname, p.proname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
            "WHERE t.tgrelid = to_regclass(%s) AND NOT t.tgisinternal AND t.tgtype & 1 = 0",
            [table],
        )
        return [(row[0], row[1]) for row in cursor.fetchall()]
