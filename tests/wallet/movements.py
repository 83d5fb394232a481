"""Movements at instants that a test chooses: rows as the ledger's functions write them, with their balances."""

from datetime import UTC, datetime
from uuid import UUID

from django.db import connection

from apps.core.ids import uuid7
from apps.wallet.models import LotSource, TransferKind
from apps.wallet.types import House

DAY = datetime(2026, 3, 10, tzinfo=UTC)


def move(wallet_id: int, nanos: int, *, kind: int, at: datetime, **columns: object) -> UUID:
    """A transfer to the wallet, or from it where `nanos` is negative."""
    house = House.FUNDING if kind == TransferKind.GRANT else House.REVENUE
    sides = (house, wallet_id) if nanos > 0 else (wallet_id, house)
    row = {
        "id": uuid7(),
        "wallet_id": wallet_id,
        "kind": int(kind),
        "debit_account": int(sides[0]),
        "credit_account": int(sides[1]),
        "amount_nanos": abs(nanos),
        "at": at,
    } | columns
    changed = "credits_posted" if nanos > 0 else "debits_posted"
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE wallet_account SET {changed} = {changed} + %s WHERE id = %s", [abs(nanos), wallet_id])
        cursor.execute(
            f"INSERT INTO wallet_transfer ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})",
            list(row.values()),
        )
    return row["id"]


def grant_at(wallet_id: int, nanos: int, source: str = LotSource.PURCHASE, *, at: datetime, reason: str = "") -> UUID:
    """Credits with their lot; returns the lot's id."""
    transfer_id = move(wallet_id, nanos, kind=TransferKind.GRANT, at=at, reason=reason)
    lot_id = uuid7()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO wallet_lot (id, wallet_id, transfer_id, source, amount_nanos, created_at) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            [lot_id, wallet_id, transfer_id, source, nanos, at],
        )
    return lot_id


def charge_at(wallet_id: int, nanos: int, *, at: datetime) -> UUID:
    """A call that was charged; returns its id."""
    call_id = uuid7()
    return move(wallet_id, -nanos, kind=TransferKind.CHARGE, at=at, id=call_id, hold_id=call_id, held_nanos=nanos)
