"""The row of a call is stored with the ledger's figure, or not at all."""

from dataclasses import fields

import pytest

from apps.usage import records
from apps.usage.models import UsageOrigin, UsageRecord
from tests.usage.calls import row, store


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
