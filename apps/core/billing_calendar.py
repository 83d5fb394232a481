"""Business dates: which day of `BILLING_TZ` an instant belongs to, and where days and months begin. No fees."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from django.conf import settings


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def billing_zone() -> ZoneInfo:
    return _zone(settings.BILLING_TZ)


def business_date(at: datetime) -> date:
    """The date in `BILLING_TZ` at this instant."""
    return at.astimezone(billing_zone()).date()


def day_start(on: date) -> datetime:
    """The first instant of a business day, in UTC."""
    return datetime.combine(on, time(), billing_zone()).astimezone(UTC)


def day_bounds(on: date) -> tuple[datetime, datetime]:
    """The half-open span `[start, end)` of a business day, in UTC; 23 to 25 hours where clocks change."""
    return day_start(on), day_start(on + timedelta(days=1))


def week_bounds(on: date) -> tuple[datetime, datetime]:
    """The half-open span of the business week, Monday to Sunday, that `on` lies in, in UTC."""
    monday = on - timedelta(days=on.weekday())
    return day_start(monday), day_start(monday + timedelta(days=7))


def month_bounds(on: date) -> tuple[datetime, datetime]:
    """The half-open span of the business month that `on` lies in, in UTC."""
    first = on.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return day_start(first), day_start(following)


_PERIODS = {"daily": day_bounds, "weekly": week_bounds, "monthly": month_bounds}


def next_refill_at(refill: str, *, at: datetime) -> datetime:
    """When a limit that is refilled `daily`, `weekly` or `monthly` is filled up next: midnight, Monday, the first."""
    return _PERIODS[refill](business_date(at))[1]
