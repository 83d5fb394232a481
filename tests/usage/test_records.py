"""The row of a call is stored with the ledger's figure, or not at all."""

from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest
from django.db import connection

from apps.core.ids import uuid7
from apps.usage import records
from apps.usage.models import UsageOrigin, UsageRecord

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def row(**changes: object) -> records.UsageRow:
    call = records.UsageRow(
        id=uuid7(),
        at=AT,
        team_id=1,
        wallet_id=2,
        token_id=3,
        model_id=4,
        model_code="gpt-4o-mini",
        channel_id=5,
        access_group="default",
        endpoint="chat.completions",
        price_version_id=6,
        latency_ms=240,
        input_tokens=12,
        output_tokens=7,
    )
    return replace(call, **changes)


def store(*calls: tuple[records.UsageRow, str, int]) -> None:
    """Runs the INSERT as the settle statement does, behind a `done` made up here: (row, outcome, charged)."""
    done = "done AS (SELECT * FROM unnest(%s::uuid[], %s::text[], %s::bigint[]) AS d (id, outcome, charged))"
    outcomes = [[c.id for c, _, _ in calls], [o for _, o, _ in calls], [n for _, _, n in calls]]
    columns = [list(values) for values in zip(*(c.as_row() for c, _, _ in calls), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {done}, {records.INSERT} SELECT count(*) FROM done", outcomes + columns)


def test_a_row_has_the_columns_of_the_insert_in_its_order() -> None:
    assert tuple(field.name for field in fields(records.UsageRow)) == records.COLUMNS


def test_a_row_gives_its_values_in_the_order_of_the_columns() -> None:
    call = row(ip="192.0.2.7")

    values = dict(zip(records.COLUMNS, call.as_row(), strict=True))

    assert values["id"] == call.id
    assert values["latency_ms"] == 240
    assert values["ip"] == "192.0.2.7"


@pytest.mark.django_db
def test_the_ledgers_charge_is_stored_beside_what_was_called() -> None:
    call = row(multiplier="0.85", quantities='{"images": 2}', user_id=9, streamed=True, ip="2001:db8::1")

    store((call, "charged", 1_234))

    stored = UsageRecord.objects.get(id=call.id)
    assert stored.charge_nanos == 1_234
    assert str(stored.multiplier) == "0.85"
    assert stored.quantities == {"images": 2}
    assert (stored.team_id, stored.user_id, stored.streamed, stored.error_code) == (1, 9, True, "")
    assert UsageOrigin.objects.get(id=call.id).ip == "2001:db8::1"


@pytest.mark.django_db
def test_a_repeated_settle_adds_no_second_row() -> None:
    first, again = row(), row()

    store((first, "charged", 10), (again, "repeated", 10))

    assert list(UsageRecord.objects.values_list("id", flat=True)) == [first.id]


@pytest.mark.django_db
def test_a_call_that_cost_nothing_is_still_in_the_log() -> None:
    failed = row(status=502, error_code="upstream_error", channel_id=None)

    store((failed, "voided", 0))

    stored = UsageRecord.objects.get(id=failed.id)
    assert (stored.charge_nanos, stored.status, stored.channel_id) == (0, 502, None)


@pytest.mark.django_db
def test_a_call_without_an_address_has_no_origin() -> None:
    store((row(), "charged", 1))

    assert not UsageOrigin.objects.exists()
