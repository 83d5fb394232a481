"""Jobs of the night that did not run are made up for, once, and not while they are under way."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from apps.core import clock
from apps.journal import queries
from apps.journal import services as journal
from apps.journal.models import MaintenanceRun
from apps.journal.tasks import start_overdue_jobs
from config.celery import SAFETY_JOBS, SCHEDULE, app

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def ran(job: str, *, hours_ago: float, outcome: str = "finished") -> None:
    run = journal.start_run(job, at=NOON - timedelta(hours=hours_ago))
    journal.end_run(run, outcome=outcome, at=NOON - timedelta(hours=hours_ago))


def test_a_job_that_never_ran_is_overdue() -> None:
    assert queries.overdue_jobs(["close"], at=NOON) == ["close"]


def test_a_job_is_overdue_26_hours_after_its_last_end() -> None:
    ran("fresh", hours_ago=25.9)
    ran("stale", hours_ago=26.1)

    assert queries.overdue_jobs(["fresh", "stale"], at=NOON) == ["stale"]


def test_a_run_that_found_something_wrong_came_to_its_end() -> None:
    ran("verify", hours_ago=1, outcome="failed")

    assert queries.overdue_jobs(["verify"], at=NOON) == []


def test_a_run_under_way_is_waited_for_half_an_hour() -> None:
    journal.start_run("young", at=NOON - timedelta(minutes=29))
    journal.start_run("killed", at=NOON - timedelta(minutes=31))

    assert queries.overdue_jobs(["young", "killed"], at=NOON) == ["killed"]


def test_a_job_that_raises_stays_open_and_gets_its_next_chance() -> None:
    with pytest.raises(ZeroDivisionError), journal.run_of("broken", now=lambda: NOON - timedelta(hours=1)):
        _ = 1 // 0

    assert MaintenanceRun.objects.get().ended_at is None
    assert queries.overdue_jobs(["broken"], at=NOON) == ["broken"]


@pytest.fixture
def at_once() -> Iterator[None]:
    """A worker that takes every task the moment it is sent."""
    app.conf.task_always_eager, before = True, app.conf.task_always_eager
    yield
    app.conf.task_always_eager = before


def test_the_look_runs_every_safety_job_that_is_overdue_and_none_twice(at_once: None) -> None:
    app.loader.import_default_modules()

    assert start_overdue_jobs(jobs=SAFETY_JOBS) == len(SAFETY_JOBS)

    ended = MaintenanceRun.objects.filter(outcome="finished", ended_at__lte=clock.now())
    assert sorted(ended.values_list("job", flat=True)) == sorted(SAFETY_JOBS)
    assert start_overdue_jobs(jobs=SAFETY_JOBS) == 0


def test_every_safety_job_also_has_its_hour_of_the_night() -> None:
    nightly = {entry["task"] for entry in SCHEDULE.values()}

    assert set(SAFETY_JOBS.values()) <= nightly
