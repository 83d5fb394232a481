"""A closed month is sealed once; the night compares one sealed month, and a changed row of it is noticed."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from apps.core.partitions import ensure_monthly, uuid_floor
from apps.wallet import invariants
from apps.wallet.invariants import seals
from tests.wallet.broken import ask, change

pytestmark = pytest.mark.django_db
MONTH = "wallet_transfer_202406"
BROKEN = f"the closed month {MONTH} is not what it was when it was sealed"
JUNE = datetime(2024, 6, 15, tzinfo=UTC)


def post_in_june(nanos: int, nth: int, *, at: datetime = JUNE) -> None:
    """A transfer between two house accounts: no balance counts it."""
    ensure_monthly("wallet_transfer", 0, at=JUNE)
    change(
        "INSERT INTO wallet_transfer (id, wallet_id, kind, debit_account, credit_account, amount_nanos, at) "
        "VALUES (%s, 0, 5, 3, 1, %s, %s)",
        str(uuid_floor(JUNE))[:-1] + str(nth),
        nanos,
        at,
    )


@pytest.fixture
def sealed_june() -> None:
    post_in_june(30, nth=1)
    post_in_june(12, nth=2)
    assert invariants.check() == []


def sealed() -> tuple[str, int, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT month, transfers, amount_nanos FROM wallet_seal")
        row = cursor.fetchone()
    return str(row[0]), int(row[1]), int(row[2])


def told() -> list[str]:
    return [one.sentence for one in invariants.check()]


def test_a_closed_month_is_sealed_with_count_and_sum(sealed_june: None) -> None:
    assert sealed() == (MONTH, 2, 42)
    assert told() == []


def test_a_month_is_sealed_two_days_after_its_end() -> None:
    post_in_june(30, nth=1)

    assert seals.unsealed(datetime(2024, 7, 2, 23, 59, 59, tzinfo=UTC)) == []
    assert seals.unsealed(datetime(2024, 7, 3, tzinfo=UTC)) == [MONTH]


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE wallet_transfer SET amount_nanos = 31 WHERE amount_nanos = 30",
        "UPDATE wallet_transfer SET amount_nanos = 42 - amount_nanos WHERE amount_nanos IN (30, 12)",
        "UPDATE wallet_transfer SET reason = 'forged' WHERE amount_nanos = 30",
        "DELETE FROM wallet_transfer WHERE amount_nanos = 12",
    ],
)
def test_a_changed_row_of_a_closed_month_is_noticed(sealed_june: None, tampering: str) -> None:
    change(tampering)

    assert BROKEN in told()
    assert BROKEN in told()


def test_a_charge_that_came_late_does_not_break_the_seal(sealed_june: None) -> None:
    post_in_june(5, nth=3, at=datetime(2024, 7, 4, tzinfo=UTC))

    assert told() == []


def test_a_month_that_vanished_is_noticed(sealed_june: None) -> None:
    change(f"DROP TABLE {MONTH}")

    assert told() == [BROKEN]


def test_the_settings_of_a_session_do_not_change_a_digest(sealed_june: None) -> None:
    change("SET LOCAL TimeZone = 'Asia/Shanghai'")
    change("SET LOCAL IntervalStyle = 'iso_8601'")

    assert told() == []


def test_the_month_that_waited_longest_is_compared_and_a_full_check_compares_all(sealed_june: None) -> None:
    change(
        "INSERT INTO wallet_seal SELECT 'wallet_transfer_202405', posted_before, 7, 7, 7, sealed_at, "
        "compared_at - interval '1 minute' FROM wallet_seal"
    )

    may = "the closed month wallet_transfer_202405 is not what it was when it was sealed"

    assert told() == [may]
    assert told() == []  # June's turn
    assert told() == [may]
    assert len(invariants.check(is_full=True)) == 1
    assert ask("SELECT count(*) FROM wallet_seal") == 2
