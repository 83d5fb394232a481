"""What the journal remembers."""

from collections.abc import Mapping
from datetime import datetime

from apps.journal.errors import ApprovalMissing
from apps.journal.models import Approval, AuditEntry, MaintenanceRun, OperatorAlert
from apps.journal.types import ApprovalState, RecordedAct, Run


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


def approval_by_id(approval_id: int, *, at: datetime) -> ApprovalState:
    """Raises `ApprovalMissing`."""
    row = Approval.objects.filter(pk=approval_id).first()
    if row is None:
        raise ApprovalMissing
    return ApprovalState(
        approval_id=row.pk,
        act=row.act,
        target=row.target,
        target_id=row.target_id,
        parameters=row.parameters,
        reason=row.reason,
        requested_by=row.requested_by_id,
        requested_at=row.requested_at,
        expires_at=row.expires_at,
        approved_by=row.approved_by_id,
        status=row.status_at(at),
    )


def details_of_acts(target: str, target_id: str, *, actor: int, since: datetime) -> list[Mapping[str, object]]:
    """What somebody's audit entries about one thing say in detail, since an instant."""
    entries = AuditEntry.objects.filter(target=target, target_id=target_id, actor_id=actor, at__gte=since)
    return list(entries.order_by("id").values_list("details", flat=True))


def first_act(act: str, *, target: str, target_id: str) -> RecordedAct | None:
    """The earliest line of this act on this thing."""
    rows = AuditEntry.objects.filter(target=target, target_id=target_id, act=act)
    row = rows.order_by("id").values_list("at", "actor_id", "reason", "details").first()
    return None if row is None else RecordedAct(*row)
