"""Runs of the jobs of the schedule."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from apps.journal.models import MaintenanceRun


def start_run(job: str, *, at: datetime) -> int:
    return MaintenanceRun.objects.create(job=job, started_at=at).pk


def end_run(run_id: int, *, outcome: str, at: datetime, details: Mapping[str, object] | None = None) -> None:
    """Closes a run; `outcome` is a `MaintenanceRun.Outcome`."""
    MaintenanceRun.objects.filter(pk=run_id, ended_at=None).update(
        outcome=outcome, ended_at=at, details=dict(details or {})
    )


@contextmanager
def run_of(job: str, *, now: Callable[[], datetime]) -> Iterator[None]:
    """Records a run around a job. One that raises stays open, like one that was killed: its next chance comes soon."""
    run = start_run(job, at=now())
    yield
    end_run(run, outcome=MaintenanceRun.Outcome.FINISHED, at=now())
