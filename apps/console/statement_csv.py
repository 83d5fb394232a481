"""A statement as CSV: opening balance, every movement, closing balance, each exact to the nanocredit. Pure."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from apps.core.billing_calendar import business_date
from apps.core.ids import public_id
from apps.core.money import credits_text
from apps.core.spreadsheet import csv_text, instant_text, safe_text
from apps.wallet.statement_lines import Movement, Period

COLUMNS: Final = (
    "at",
    "day",
    "kind",
    "amount",
    "balance",
    "request_id",
    "lot",
    "corrects",
    "business_on",
    "reason",
    "id",
)


def statement_csv(period: Period, opening_nanos: int, chunks: Iterable[list[Movement]]) -> Iterator[str]:
    """Pieces of text. The closing balance is the one after the last movement that was written."""
    yield csv_text([COLUMNS, _edge("opening", period.start, business_date(period.start), opening_nanos)])
    closing_nanos = opening_nanos
    for movements in chunks:
        yield csv_text(map(_row, movements))
        closing_nanos = movements[-1].balance_nanos
    last_on = business_date(period.end - timedelta(microseconds=1))
    yield csv_text([_edge("closing", period.end, last_on, closing_nanos)])


def _edge(name: str, at: datetime, on: date, nanos: int) -> list[object]:
    known = {"at": instant_text(at), "day": on, "kind": name, "balance": credits_text(nanos)}
    return [known.get(column, "") for column in COLUMNS]


def _row(movement: Movement) -> tuple[object, ...]:
    request_id = _public("req", movement.call_id)
    is_call = movement.id == movement.call_id  # then the same letters name both, and writing them is most of a row
    return (
        instant_text(movement.at),
        business_date(movement.at),
        movement.code,
        credits_text(movement.amount_nanos),
        credits_text(movement.balance_nanos),
        request_id,
        _public("lot", movement.lot_id),
        _public("tr", movement.corrects_id),
        movement.business_on or "",
        safe_text(movement.reason),
        f"tr{request_id.removeprefix('req')}" if is_call else public_id("tr", movement.id),
    )


def _public(prefix: str, id_: UUID | None) -> str:
    return "" if id_ is None else public_id(prefix, id_)
