"""Which days a statement covers, and how they are written in an address."""

from datetime import UTC, date, datetime

import pytest

from apps.console.statement_days import Days, month_of, months_between, parse_days

FEBRUARY = Days(date(2028, 2, 1), date(2028, 2, 29))


def test_a_month_is_written_as_a_month() -> None:
    assert month_of(date(2028, 2, 17)) == FEBRUARY
    assert FEBRUARY.as_text() == "2028-02"
    assert parse_days("2028-02") == FEBRUARY


def test_other_days_are_written_with_both_ends() -> None:
    days = Days(date(2028, 2, 3), date(2028, 2, 9))

    assert days.as_text() == "2028-02-03..2028-02-09"
    assert parse_days(days.as_text()) == days


def test_days_begin_and_end_with_business_days() -> None:
    """Midnight in Shanghai is 16:00 UTC."""
    period = FEBRUARY.period

    assert (period.start, period.end) == (datetime(2028, 1, 31, 16, tzinfo=UTC), datetime(2028, 2, 29, 16, tzinfo=UTC))


def test_months_are_listed_newest_first() -> None:
    months = [month.as_text() for month in months_between(date(2027, 11, 30), date(2028, 1, 1))]

    assert months == ["2028-01", "2027-12", "2027-11"]


@pytest.mark.parametrize(
    "text", ["", "2028", "2028-13", "2028-2", "2028-02-03", "2028-02-09..2028-02-03", "1999-12", "9999-12", "x..y"]
)
def test_anything_else_is_no_days(text: str) -> None:
    with pytest.raises(ValueError, match="no days of a statement"):
        parse_days(text)
