"""The real ledger as a history sees it: its clock, which the history sets, and all its rows in one query."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

# Each look at the clock is a microsecond after the one before it, as in real life: the ledger orders what it writes by
# time. An act stays inside its millisecond, so that ends are met exactly.
CLOCK = """
CREATE SEQUENCE history_ticks;
CREATE OR REPLACE FUNCTION wallet_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT current_setting('sluice.history_clock')::timestamptz
        + least(nextval('history_ticks'), 999) * interval '1 microsecond'
$$
"""
SET_CLOCK = "SELECT set_config('sluice.history_clock', %s, false), setval('history_ticks', 1, false)"
ROWS = """
SELECT 'account', id::text, credits_posted, debits_posted, debits_pending, open_slots, (closed_at IS NOT NULL)::integer,
    NULL::bigint
FROM wallet_account WHERE wallet_id = ANY (%(wallets)s)
UNION ALL
SELECT 'lot', id::text, amount_nanos, expired_nanos, refunded_nanos, withdrawn_nanos, kept_nanos, paid_minor
FROM wallet_lot WHERE wallet_id = ANY (%(wallets)s)
UNION ALL
SELECT 'due', key, amount_nanos, NULL, NULL, NULL, NULL, NULL
FROM wallet_due WHERE wallet_id = ANY (%(wallets)s) AND settled_at IS NULL AND cancelled_at IS NULL
"""
RESTORED = "SELECT id, restores_id, spend_until FROM wallet_lot WHERE transfer_id = %s AND restores_id IS NOT NULL"

# Kind 10 undoes another entry: of a charge it lowers what was spent, of a refund what was paid back.
TOTALS = """
SELECT
    (SELECT coalesce(sum(amount_nanos), 0) FROM wallet_lot
        WHERE wallet_id = %(wallet)s AND source <> 'refund_restore'),
    (SELECT credits_posted - debits_posted FROM wallet_account WHERE id = %(wallet)s),
    coalesce(sum(t.amount) FILTER (WHERE t.kind NOT IN (6, 7, 8, 14)), 0),
    coalesce(sum(t.amount) FILTER (WHERE t.kind = 8), 0),
    coalesce(sum(t.amount) FILTER (WHERE t.kind = 7), 0),
    coalesce(sum(t.amount) FILTER (WHERE t.kind IN (6, 14)), 0)
FROM (
    SELECT CASE WHEN t.debit_account = %(wallet)s THEN t.amount_nanos ELSE -t.amount_nanos END AS amount,
        CASE WHEN t.kind IN (10, 13) THEN r.kind ELSE t.kind END AS kind
    FROM wallet_transfer t LEFT JOIN wallet_transfer r ON r.id = t.reverses_id
    WHERE t.wallet_id = %(wallet)s AND t.kind <> 6 AND %(wallet)s IN (t.debit_account, t.credit_account)
) t
"""

Rows = dict[tuple[str, str], tuple[int, ...]]


class Totals(NamedTuple):
    granted: int
    balance: int
    spent: int
    expired: int
    paid_back: int
    taken_back: int


def install_clock() -> None:
    """All time of the wallet is `wallet_now()`; from here on, in this transaction or database, `set_clock` tells it."""
    with connection.cursor() as cursor:
        cursor.execute(CLOCK)


def set_clock(now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SET_CLOCK, [now.isoformat()])


def rows(wallets: list[int]) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(ROWS, {"wallets": wallets})
        return {(kind, key): tuple(n for n in numbers if n is not None) for kind, key, *numbers in cursor.fetchall()}


def set_lease(owner: int, until: datetime) -> None:
    """Owners live by the database's own clock; the leases of a history end by the history's."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE wallet_owner SET lease_until = %s WHERE id = %s", [until, owner])


def grant_of(lot: UUID) -> UUID:
    with connection.cursor() as cursor:
        cursor.execute("SELECT transfer_id FROM wallet_lot WHERE id = %s", [lot])
        return UUID(str(cursor.fetchone()[0]))


def restored_by(transfer: UUID) -> Iterator[tuple[UUID, UUID, datetime | None]]:
    """Lots that a correction made: id, the lot it stands for, its end."""
    with connection.cursor() as cursor:
        cursor.execute(RESTORED, [transfer])
        yield from cursor.fetchall()


def payment_of(due: str) -> UUID:
    with connection.cursor() as cursor:
        cursor.execute("SELECT transfer_id FROM wallet_due WHERE key = %s", [due])
        return UUID(str(cursor.fetchone()[0]))


def totals(wallet: int) -> Totals:
    with connection.cursor() as cursor:
        cursor.execute(TOTALS, {"wallet": wallet})
        return Totals(*cursor.fetchone())


def free_account_of(wallet: int) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM wallet_account WHERE wallet_id = %s AND kind = 8", [wallet])
        row = cursor.fetchone()
        return None if row is None else int(row[0])
