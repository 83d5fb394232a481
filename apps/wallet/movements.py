"""A wallet's statement: opening balance, every movement, closing balance. `queries` is its door for other apps.

The balance is counted back from the account's own figure, in the same statement that reads the movements; so what one
answer claims to add up is one snapshot, however many calls settle meanwhile. A wallet's transfers get their time under
its lock: those that a snapshot shows are the first ones in the order (at, id), and none will ever come between them.
That is what lets an export read page after page, each in a short query of its own.
"""

import json
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection

from apps.core.pagination import DEFAULT_SIZE, Cursor, CursorInvalid, Page
from apps.wallet import errors
from apps.wallet.statement_lines import (
    COMPUTE_KINDS,
    Code,
    Movement,
    Period,
    Statement,
    balances_after,
    code_of,
    kinds_of,
    sources_of,
    totals_by_code,
)

CHUNK: Final = 2_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_NOBODY: Final = UUID(int=0)

Parameters = dict[str, Any]
Row = tuple[Any, ...]
Position = tuple[datetime, UUID]
"""Where a movement stands: its time and id."""

_AMOUNT = "CASE WHEN t.credit_account = %(wallet)s THEN t.amount_nanos ELSE -t.amount_nanos END"
_OF_WALLET = "t.wallet_id = %(wallet)s AND t.amount_nanos > 0 AND %(wallet)s IN (t.debit_account, t.credit_account)"
# Only a grant asks for its lot: a join would look for one behind every call.
_OF_LOT = "(SELECT l.{} FROM wallet_lot l WHERE l.transfer_id = t.id AND l.restores_id IS NULL)"
_MOVED = f"""
    SELECT t.id, t.at, t.kind, CASE t.kind WHEN 6 THEN {_OF_LOT.format("source")} END AS source, {_AMOUNT} AS amount,
        t.hold_id, CASE t.kind WHEN 6 THEN {_OF_LOT.format("id")} ELSE t.lot_id END AS lot_id, t.reverses_id,
        t.reason, t.business_on, 1::bigint AS times, NULL::date AS calls_on
    FROM wallet_transfer t
    WHERE {_OF_WALLET} AND t.at >= %(start)s AND t.at < %(end)s
"""  # noqa: S608  constants
_EVERY_CALL = f"line AS NOT MATERIALIZED ({_MOVED})"
# A day's calls are one line at the day's end: where the next day begins, before anything that has a real id.
_CALLS_BY_DAY = f"""
    moved AS NOT MATERIALIZED ({_MOVED}),
    line AS MATERIALIZED (
        SELECT * FROM moved WHERE kind <> ALL (%(compute)s)
        UNION ALL
        SELECT %(nobody)s, (day + 1)::timestamp AT TIME ZONE %(zone)s, 1::smallint, NULL, sum(amount)::bigint,
            NULL, NULL, NULL, '', NULL, count(*), day
        FROM (SELECT (at AT TIME ZONE %(zone)s)::date AS day, amount FROM moved WHERE kind = ANY (%(compute)s)) c
        GROUP BY day
    )
"""  # noqa: S608  constants
_STATEMENT = """
WITH {lines},
summary AS MATERIALIZED (
    SELECT a.credits_posted - a.debits_posted - (
        SELECT coalesce(sum({amount}), 0) FROM wallet_transfer t WHERE {of_wallet} AND t.at >= %(end)s
    ) AS closing
    FROM wallet_account a WHERE a.id = %(wallet)s
),
balanced AS (
    SELECT l.*, sum(l.amount) OVER (ORDER BY l.at DESC, l.id DESC ROWS UNBOUNDED PRECEDING) - l.amount AS newer
    FROM line l
),
shown AS (
    SELECT b.* FROM balanced b WHERE {within} ORDER BY b.at {order}, b.id {order} LIMIT %(size)s
)
SELECT s.closing, (
        SELECT jsonb_agg(jsonb_build_array(g.kind, g.source, g.amount, g.times))
        FROM (SELECT kind, source, sum(amount) AS amount, sum(times) AS times FROM line GROUP BY 1, 2) g
    ),
    s.closing - b.newer, b.id, b.at, b.kind, b.source, b.amount, b.hold_id, b.lot_id, b.reverses_id, b.reason,
    b.business_on, b.times, b.calls_on
FROM summary s LEFT JOIN shown b ON true ORDER BY b.at DESC, b.id DESC
"""
_OF_CODES = "(b.kind = ANY (%(kinds)s) AND (b.kind <> 6 OR b.source IS NULL) OR b.source = ANY (%(sources)s))"
_CHUNK = f"""
SELECT 0, m.* FROM ({_MOVED} AND (t.at, t.id) > (%(after_at)s, %(after_id)s)
    AND (t.at, t.id) <= (%(last_at)s, %(last_id)s)) m
ORDER BY m.at, m.id LIMIT %(size)s
"""  # noqa: S608  constants


def statement(
    wallet_id: int,
    period: Period,
    *,
    codes: Collection[Code] = (),
    by_day: bool = False,
    cursor: Cursor | None = None,
    size: int = DEFAULT_SIZE,
) -> Statement:
    """Balances, totals and one page of the movements, the newest first, from one snapshot. One query.

    `codes` choose what the page shows, never what the balances and totals count. `by_day` puts the calls of a business
    day into one line at the day's end. Raises `UnknownAccount`, and `CursorInvalid` for a cursor of another list.
    """
    newer = cursor is not None and cursor.newer
    conditions = [_OF_CODES] if codes else []
    if cursor is not None:
        conditions.append(f"(b.at, b.id) {'>' if newer else '<'} (%(cursor_at)s, %(cursor_id)s)")
    text = _STATEMENT.format(
        lines=_CALLS_BY_DAY if by_day else _EVERY_CALL,
        amount=_AMOUNT,
        of_wallet=_OF_WALLET,
        within=" AND ".join(conditions) or "true",
        order="ASC" if newer else "DESC",
    )
    at, id_ = _position_of(cursor) if cursor else (_EPOCH, _NOBODY)
    more = {"kinds": kinds_of(codes), "sources": sources_of(codes), "size": size + 1, "cursor_at": at, "cursor_id": id_}
    rows = _rows(text, _asked(wallet_id, period) | more)
    if not rows:
        raise errors.UnknownAccount
    closing, sums = rows[0][:2]
    found = [_movement(row[2:]) for row in rows if row[3] is not None]
    return Statement(int(closing), totals_by_code(json.loads(sums or "[]")), _page(found, cursor=cursor, size=size))


def movements(
    wallet_id: int, period: Period, *, opening_nanos: int, last: Position, chunk: int = CHUNK
) -> Iterator[list[Movement]]:
    """All movements of the period up to and with `last`, the oldest first, in chunks of one short query each.

    `opening_nanos` and `last` come from `statement`: nothing will ever stand before `last` that was not there then.
    """
    after = (period.start, _NOBODY)
    while True:
        edges = {"after_at": after[0], "after_id": after[1], "last_at": last[0], "last_id": last[1], "size": chunk}
        rows = _rows(_CHUNK, _asked(wallet_id, period) | edges)
        if not rows:
            return
        balances = balances_after(opening_nanos, (int(row[5]) for row in rows))
        yield [_movement((balance, *row[1:])) for balance, row in zip(balances, rows, strict=True)]
        opening_nanos, after = balances[-1], (rows[-1][2], rows[-1][1])


def first_movement_at(wallet_id: int) -> datetime | None:
    """When the wallet's first credits came."""
    text = f"SELECT t.at FROM wallet_transfer t WHERE {_OF_WALLET} ORDER BY t.at, t.id LIMIT 1"  # noqa: S608
    rows = _rows(text, {"wallet": wallet_id})
    return rows[0][0] if rows else None


def _asked(wallet_id: int, period: Period) -> Parameters:
    return {
        "wallet": wallet_id,
        "start": period.start,
        "end": period.end,
        "compute": list(COMPUTE_KINDS),
        "nobody": _NOBODY,
        "zone": settings.BILLING_TZ,
    }


def _rows(text: str, parameters: Parameters) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(text, parameters)
        rows: list[Row] = cursor.fetchall()
        return rows


def _movement(row: Row) -> Movement:
    balance, id_, at, kind, source, amount, call_id, lot_id, corrects_id, reason, business_on, times, calls_on = row
    return Movement(
        id=id_,
        at=at,
        code=code_of(kind, source),
        amount_nanos=int(amount),
        balance_nanos=int(balance),
        call_id=call_id,
        lot_id=lot_id,
        corrects_id=corrects_id,
        reason=reason,
        business_on=business_on,
        count=times,
        calls_on=calls_on,
    )


def _page(found: list[Movement], *, cursor: Cursor | None, size: int) -> Page[Movement]:
    """`found` has one more than the page where there is more beyond it, on the far side."""
    newer = cursor is not None and cursor.newer
    more = len(found) > size
    found = found[-size:] if newer else found[:size]
    return Page(
        results=found,
        next=Cursor(_key(found[-1])) if found and (more or newer) else None,
        previous=Cursor(_key(found[0]), newer=True) if found and (more if newer else cursor) else None,
    )


def _key(movement: Movement) -> str:
    return f"{(movement.at - _EPOCH) // _MICROSECOND}.{movement.id}"


def _position_of(cursor: Cursor) -> Position:
    microseconds, _, text = cursor.key.partition(".")
    try:
        id_ = UUID(text)
        return _EPOCH + timedelta(microseconds=int(microseconds)), id_
    except ValueError:
        raise CursorInvalid from None
