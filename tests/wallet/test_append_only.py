"""What was booked stays as it was booked: by SQL, by the ORM, in every partition, those made tomorrow included."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, models, transaction

from apps.core import clock, partitions
from apps.journal import services as journal
from apps.journal.models import AuditEntry
from apps.journal.types import Act
from apps.wallet import services as wallet
from apps.wallet.models import Draw, Return, Transfer
from apps.wallet.types import Mandate
from tests.wallet.conftest import CREDIT, Payer

pytestmark = pytest.mark.django_db

BOOKS: dict[str, type[models.Model]] = {
    "wallet_transfer": Transfer,
    "wallet_draw": Draw,
    "wallet_return": Return,
    "journal_auditentry": AuditEntry,
}
COLUMN = {"wallet_transfer": "amount_nanos", "wallet_draw": "amount_nanos", "wallet_return": "amount_nanos"}
CHANGES = (
    "UPDATE {table} SET {column} = {column}",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
    "TRUNCATE {table} CASCADE",
)
FAR_FUTURE = datetime(2035, 5, 17, tzinfo=UTC)


@pytest.fixture
def booked(payer: Payer) -> Payer:
    """One row at least in each book: a refunded charge has been drawn, booked and returned."""
    payer.hold(30 * CREDIT)
    payer.settle(30 * CREDIT)
    wallet.refund_charge(payer.calls[-1].call_id, Mandate("refund", "slow", 7), amount_nanos=10 * CREDIT)
    assert all(model._default_manager.exists() for model in BOOKS.values())
    return payer


@contextmanager
def refused() -> Iterator[None]:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        yield


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def partitions_of_transfers() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'wallet_transfer'::regclass")
        return sorted(row[0] for row in cursor.fetchall())


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("table", BOOKS)
def test_sql_changes_no_book(booked: Payer, table: str, change: str) -> None:
    with refused():
        run(change.format(table=table, column=COLUMN.get(table, "reason")))


@pytest.mark.parametrize("change", CHANGES)
def test_sql_changes_no_partition_of_transfers_directly(booked: Payer, change: str) -> None:
    this_month = f"wallet_transfer_{clock.now():%Y%m}"
    assert this_month in partitions_of_transfers()

    with refused():
        run(change.format(table=this_month, column="amount_nanos"))


def test_no_partition_that_is_there_can_be_emptied() -> None:
    there = partitions_of_transfers()

    assert len(there) >= 4
    for partition in there:
        with refused():
            run(f"TRUNCATE {partition}")


@pytest.mark.parametrize("change", CHANGES)
def test_a_partition_that_is_made_later_is_as_closed(change: str) -> None:
    partitions.ensure_monthly("wallet_transfer", 0, at=FAR_FUTURE)
    later = UUID(int=partitions.uuid_floor(FAR_FUTURE).int + 1)
    run(
        "INSERT INTO wallet_transfer (id, kind, debit_account, credit_account, amount_nanos, wallet_id) "
        f"VALUES ('{later}', 2, 1, 2, 0, 1)"
    )

    with refused():
        run(change.format(table="wallet_transfer_203505", column="amount_nanos"))

    assert Transfer.objects.filter(pk=later).exists()


def test_an_upsert_does_not_change_a_transfer_either(booked: Payer) -> None:
    row = Transfer.objects.filter(wallet_id=booked.wallet).latest("at")

    with refused():
        run(
            f"INSERT INTO wallet_transfer SELECT * FROM wallet_transfer WHERE id = '{row.pk}' "
            "ON CONFLICT (id) DO UPDATE SET amount_nanos = 1"
        )


Rows = models.QuerySet[models.Model]


def touch(rows: Rows) -> None:
    column = COLUMN.get(rows.model._meta.db_table, "reason")
    rows.update(**{column: models.F(column)})


def save(rows: Rows) -> None:
    for row in rows:
        row.save()


def delete_each(rows: Rows) -> None:
    for row in rows:
        row.delete()


def save_in_bulk(rows: Rows) -> None:
    rows.bulk_update(list(rows), [COLUMN.get(rows.model._meta.db_table, "reason")])


@pytest.mark.parametrize("change", [touch, save, save_in_bulk, models.QuerySet.delete, delete_each])
@pytest.mark.parametrize("table", BOOKS)
def test_the_orm_changes_no_book(booked: Payer, table: str, change: Callable[[Rows], object]) -> None:
    rows = BOOKS[table]._default_manager.all()
    count = rows.count()

    with refused():
        change(rows)

    assert rows.count() == count


def test_the_trail_takes_a_new_line_after_all_that() -> None:
    with refused():
        AuditEntry.objects.all().delete()
        run("TRUNCATE journal_auditentry")

    journal.record_act(Act("token.closed", "token", "tk_1"), at=clock.now())
    assert AuditEntry.objects.count() == 1
