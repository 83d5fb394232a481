"""The only place that reads the wall clock. Doors call it and pass the instant on as `at`."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)
