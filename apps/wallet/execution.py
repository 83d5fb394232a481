"""Runs the ledger's statements on Django's own connection, inside whatever transaction is open there."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import psycopg
from django.db import DataError, connection, transaction

from apps.wallet import errors, statements
from apps.wallet.packing import Packed, PackedDumper
from apps.wallet.statements import Ending, Parameters
from apps.wallet.types import HoldAnswer, HoldRequest, SettleEntry, Settlement, SettleStatement, WrittenOff

Scalar = int | str | UUID | datetime | list[int] | None

_ERRORS: Mapping[str, type[errors.WalletError]] = {
    "SL001": errors.IdempotencyConflict,
    "SL002": errors.UnknownAccount,
    "wallet_account_no_overdraft": errors.InsufficientFunds,
}


def run(text: str, parameters: Parameters) -> list[tuple[object, ...]]:
    """The rows of one ledger statement. Joins the open transaction; a refused statement leaves that one usable."""
    connection.ensure_connection()
    with transaction.atomic(), connection.wrap_database_errors:
        return _run(text, parameters)


def post(text: str, parameters: Parameters) -> list[tuple[object, ...]]:
    """As `run`, for entries that are not calls: a sum beyond what an account can count is the amount's fault."""
    try:
        return run(text, parameters)
    except DataError as error:
        if isinstance(error.__cause__, psycopg.errors.NumericValueOutOfRange):
            raise errors.AmountTooLarge from error
        raise


def _run(text: str, parameters: Parameters) -> list[tuple[object, ...]]:
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.adapters.register_dumper(Packed, PackedDumper)
        try:
            cursor.execute(text.encode(), parameters, binary=True)
        except psycopg.Error as error:
            named = _ERRORS.get(error.sqlstate or "") or _ERRORS.get(error.diag.constraint_name or "")
            if named is None:
                raise
            raise named from error
        return cursor.fetchall()


def truth(text: str, *parameters: Scalar) -> bool:
    """Whether the one value of a statement stands for yes."""
    return bool(number(text, *parameters))


def number(text: str, *parameters: Scalar) -> int:
    """The one value of a statement, in the transaction that is open."""
    with connection.cursor() as cursor:
        cursor.execute(text, parameters)
        return int(cursor.fetchone()[0])


def authorise(request: HoldRequest, *, owner_id: int) -> HoldAnswer:
    parameters = statements.authorise_parameters([request], owner_id=owner_id, resend=True)
    return statements.hold_answers(run(statements.AUTHORISE, parameters))[0]


def extend(call_id: UUID, *, amount_nanos: int) -> HoldAnswer:
    parameters = statements.extend_parameters([(call_id, amount_nanos)])
    return statements.hold_answers(run(statements.EXTEND, parameters))[0]


def write_off(entry: SettleEntry, *, statement: SettleStatement) -> None:
    """Ends a call whose settle was refused: its hold goes back, and an operator learns what was not charged."""
    with transaction.atomic():
        run(statements.ALERT_REFUSED, statements.alert_parameters(WrittenOff(entry)))
        settle(entry.call_id, statement=statement)


def settle(ending: Ending, *, statement: SettleStatement) -> Settlement:
    parameters = statements.settle_parameters([ending], column_types=statement.column_types)
    return statements.settlements(run(statement.text, parameters))[statements.call_id_of(ending)]
