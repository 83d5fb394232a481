"""What each account's transfers came to up to an instant, so that a night adds up a day and not a life.

A checkpoint moves in one transaction with the mark that says how far it reaches, behind one lock: a run that is killed
or meets another leaves what it had done, and no transfer is added twice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from apps.core.locks import lock_for_transaction
from apps.wallet.invariants.rules import ADDED, LEGS, SUMMED

# Behind this, and behind every transaction that has written and still runs, no transfer can appear any more.
_MARGIN = "5 minutes"
_SETTLED_UNTIL = f"""
    SELECT least(wallet_now() - interval '{_MARGIN}', (
        SELECT min(xact_start) FROM pg_stat_activity
        WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()
    ))
"""  # noqa: S608  constants
_FIRST = "SELECT min(at) FROM wallet_transfer"
_COLUMNS = ", ".join(SUMMED)
_ADD = f"""
    WITH leg AS MATERIALIZED (
        SELECT s.account_id, max(s.at) AS last_at, count(*) AS legs, {ADDED}
        FROM ({LEGS.format(where="t.at >= %(from)s AND t.at < %(to)s")}) s GROUP BY s.account_id
    ), moved AS (
        INSERT INTO wallet_checkpoint AS c (account_id, last_at, {_COLUMNS})
        SELECT account_id, last_at, {_COLUMNS} FROM leg
        ON CONFLICT (account_id) DO UPDATE SET last_at = greatest(c.last_at, excluded.last_at),
            {", ".join(f"{name} = c.{name} + excluded.{name}" for name in SUMMED)}
    )
    SELECT coalesce(sum(legs), 0) FROM leg
"""  # noqa: S608  constants
_MOVE = """
    INSERT INTO wallet_checkpoint_mark (id, summed_until, ruled_until) VALUES (1, %(to)s, %(from)s)
    ON CONFLICT (id) DO UPDATE SET summed_until = excluded.summed_until
"""
_SUMMARISE = """
    SELECT sum(brin_summarize_new_values(i.inhrelid)) FROM pg_inherits i
    WHERE i.inhparent = to_regclass('wallet_transfer_at')
"""
SHORTEST = timedelta(hours=1)
_LONGEST = timedelta(days=30)
_FEW_LEGS = 100_000


@dataclass(frozen=True, slots=True)
class Mark:
    summed_until: datetime
    ruled_until: datetime


def lock() -> None:
    """Whoever reads the mark and then what lies behind it must not be overtaken."""
    lock_for_transaction("wallet.checkpoints")


def settled_until() -> datetime:
    """The instant before which the ledger is complete: no running transaction can still post there."""
    until = _value(_SETTLED_UNTIL)
    assert isinstance(until, datetime)  # noqa: S101  an aggregate of timestamps
    return until


def mark() -> Mark | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT summed_until, ruled_until FROM wallet_checkpoint_mark")
        row = cursor.fetchone()
    return Mark(*row) if row else None


def forget() -> None:
    """The next `add_span` begins with the first transfer."""
    lock()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM wallet_checkpoint")
        cursor.execute("DELETE FROM wallet_checkpoint_mark")


def add_span(until: datetime, length: timedelta) -> timedelta | None:
    """Adds one span of transfers, at most up to `until`; returns how long the next may be; None at the end."""
    lock()
    known = mark()
    begins = known.summed_until if known else _value(_FIRST)
    begins = min(begins, until) if isinstance(begins, datetime) else until
    ends = min(begins + length, until)
    if known and ends <= known.summed_until:
        return None
    span = {"from": begins, "to": ends}
    legs = _value(_ADD, span)
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, span)
    return min(length * 2, _LONGEST) if int(str(legs)) < _FEW_LEGS else SHORTEST


def set_ruled(until: datetime) -> None:
    """Every change before `until` has met the rules of changed wallets."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE wallet_checkpoint_mark SET ruled_until = greatest(ruled_until, %s)", [until])


def summarise() -> None:
    """Lets the index by time know the newest pages; what it does not know is read whole."""
    _value(_SUMMARISE)


def _value(text: str, parameters: dict[str, datetime] | None = None) -> object:
    with connection.cursor() as cursor:
        cursor.execute(text, parameters)
        row = cursor.fetchone()
    return row[0] if row else None
