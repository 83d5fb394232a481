from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from apps.core import partitions

pytestmark = pytest.mark.django_db
IN_MAY = datetime(2030, 5, 20, 12, tzinfo=UTC)
NAMES_OF_MAY = ["thing_203005", "thing_203006", "thing_203007", "thing_203008"]


@pytest.fixture
def thing(db: None) -> str:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE thing (id uuid PRIMARY KEY, n int) PARTITION BY RANGE (id)")
    return "thing"


def names(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [table])
        return sorted(row[0] for row in cursor.fetchall())


def test_this_month_and_the_next_three_are_made_once(thing: str) -> None:
    assert partitions.ensure_monthly(thing, at=IN_MAY) == 4
    assert partitions.ensure_monthly(thing, at=IN_MAY) == 0
    assert names(thing) == NAMES_OF_MAY


def test_the_turn_of_the_year_is_a_month_like_any_other(thing: str) -> None:
    partitions.ensure_monthly(thing, months_ahead=1, at=datetime(2030, 12, 31, 23, 59, tzinfo=UTC))

    assert names(thing) == ["thing_203012", "thing_203101"]


def test_a_row_goes_to_the_month_that_its_id_was_minted_in(thing: str) -> None:
    partitions.ensure_monthly(thing, at=IN_MAY)
    first_of_june = partitions.uuid_floor(datetime(2030, 6, 1, tzinfo=UTC))
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO thing VALUES (%s, 1) RETURNING tableoid::regclass::text", [first_of_june])

        assert cursor.fetchone() == ("thing_203006",)


def test_days_are_made_ahead_and_dropped_behind(thing: str) -> None:
    partitions.ensure_daily(thing, days_ahead=2, at=IN_MAY)
    assert names(thing) == ["thing_20300520", "thing_20300521", "thing_20300522"]

    assert partitions.drop_before(thing, datetime(2030, 5, 22, tzinfo=UTC)) == 2

    assert names(thing) == ["thing_20300522"]


def test_a_missing_next_month_is_told(thing: str) -> None:
    partitions.ensure_monthly(thing, months_ahead=0, at=IN_MAY)

    assert "thing" in partitions.missing_next_month(at=IN_MAY)
    partitions.ensure_all(at=IN_MAY)
    assert partitions.missing_next_month(at=IN_MAY) == []


def test_migrate_left_nothing_missing() -> None:
    assert partitions.missing_next_month() == []


def test_a_guard_against_truncate_reaches_new_partitions() -> None:
    partitions.ensure_monthly("wallet_transfer", at=IN_MAY)

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE wallet_transfer_203005")


def test_a_table_is_covered_up_to_the_first_gap(thing: str) -> None:
    partitions.ensure_monthly(thing, at=IN_MAY)
    partitions.ensure_all(at=IN_MAY)
    assert partitions.covered_until(at=IN_MAY) == datetime(2030, 5, 28, tzinfo=UTC)  # daily tables: a week ahead

    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE thing_203005")

    assert partitions.covered_until(at=IN_MAY) == IN_MAY
