"""What the journal remembers."""

from datetime import datetime

from apps.journal.models import MaintenanceRun, OperatorAlert
from apps.journal.types import Run


def last_run(job: str) -> Run | None:
    """The latest run of a job, finished or not."""
    row = MaintenanceRun.objects.filter(job=job).order_by("-started_at").first()
    return Run(row.job, row.started_at, row.ended_at, row.outcome) if row else None


def has_finished_since(job: str, *, since: datetime) -> bool:
    """Whether a run that began after `since` has finished."""
    return MaintenanceRun.objects.filter(
        job=job, started_at__gte=since, outcome=MaintenanceRun.Outcome.FINISHED
    ).exists()


def open_alerts() -> int:
    return OperatorAlert.objects.filter(closed_at=None).count()
