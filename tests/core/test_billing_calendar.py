"""Business days begin at midnight in BILLING_TZ, whatever UTC says."""

from datetime import UTC, date, datetime, timedelta

import pytest

from apps.core import billing_calendar


@pytest.fixture(autouse=True)
def _shanghai(settings):
    settings.BILLING_TZ = "Asia/Shanghai"


def test_an_evening_in_utc_is_the_next_day_in_shanghai():
    assert billing_calendar.business_date(datetime(2026, 5, 9, 15, 59, 59, tzinfo=UTC)) == date(2026, 5, 9)
    assert billing_calendar.business_date(datetime(2026, 5, 9, 16, 0, tzinfo=UTC)) == date(2026, 5, 10)


def test_a_day_is_bounded_half_open():
    start, end = billing_calendar.day_bounds(date(2026, 5, 10))

    assert start == datetime(2026, 5, 9, 16, tzinfo=UTC)
    assert end == datetime(2026, 5, 10, 16, tzinfo=UTC)


def test_a_day_on_which_clocks_change_has_23_hours(settings):
    settings.BILLING_TZ = "Europe/Berlin"

    start, end = billing_calendar.day_bounds(date(2026, 3, 29))

    assert end - start == timedelta(hours=23)


def test_a_month_ends_where_the_next_begins():
    start, end = billing_calendar.month_bounds(date(2026, 12, 31))

    assert start == datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert end == datetime(2026, 12, 31, 16, tzinfo=UTC)
