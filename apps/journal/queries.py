"""What the journal remembers."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet

from apps.core import encryption
from apps.core.ids import parse_public_id
from apps.core.pagination import DEFAULT_SIZE, Cursor, Page, keyset_page
from apps.journal.errors import ApprovalMissing, FileDamaged, FileMissing
from apps.journal.models import (
    Approval,
    AuditEntry,
    FilePiece,
    MaintenanceRun,
    OperatorAlert,
    OutboxMessage,
    StoredFile,
    WebhookEndpoint,
)
from apps.journal.types import (
    ApprovalState,
    AuditLine,
    Delivery,
    Endpoint,
    LoggedAct,
    OutboxState,
    RecordedAct,
    Run,
    StoredFileInfo,
    TrailFilters,
)

OVERDUE = timedelta(hours=26)
UNDER_WAY = timedelta(minutes=30)


def last_run(job: str) -> Run | None:
    """The latest run of a job, finished or not."""
    row = MaintenanceRun.objects.filter(job=job).order_by("-started_at").first()
    return Run(row.job, row.started_at, row.ended_at, row.outcome, row.details) if row else None


def has_finished_since(job: str, *, since: datetime) -> bool:
    """Whether a run that began after `since` has finished."""
    return MaintenanceRun.objects.filter(
        job=job, started_at__gte=since, outcome=MaintenanceRun.Outcome.FINISHED
    ).exists()


def last_ended_run(job: str) -> Run | None:
    """The latest run of a job that came to its end, whatever that was."""
    row = MaintenanceRun.objects.filter(job=job, ended_at__isnull=False).order_by("-started_at").first()
    return Run(row.job, row.started_at, row.ended_at, row.outcome, row.details) if row else None


def last_finished_run(job: str) -> Run | None:
    """The latest run of a job that came to its end and found nothing wrong."""
    row = (
        MaintenanceRun.objects.filter(job=job, outcome=MaintenanceRun.Outcome.FINISHED).order_by("-started_at").first()
    )
    return Run(row.job, row.started_at, row.ended_at, row.outcome, row.details) if row else None


def overdue_jobs(jobs: Iterable[str], *, at: datetime) -> list[str]:
    """Those of `jobs` that have not come to an end for 26 hours, and were not begun a moment ago.

    A nightly job is due again after 24 hours; the rest is for nights that are longer. One that was begun within the
    last half hour is under way, or was killed and gets its next chance then.
    """
    waiting = []
    for job in jobs:
        runs = MaintenanceRun.objects.filter(job=job)
        if not runs.filter(Q(ended_at__gt=at - OVERDUE) | Q(ended_at=None, started_at__gt=at - UNDER_WAY)).exists():
            waiting.append(job)
    return waiting


def open_alert_details(dedupe_key: str) -> dict[str, Any]:
    """The last details of the open alert of this key; empty when there is none."""
    alert = OperatorAlert.objects.filter(dedupe_key=dedupe_key, closed_at=None).first()
    return dict(alert.details) if alert else {}


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


def has_open_approvals(target: str, target_id: str, *, at: datetime) -> bool:
    """Whether somebody asked for an act on this thing that may still be approved or carried out."""
    rows = Approval.objects.filter(target=target, target_id=target_id, refused_at=None, used_at=None)
    return rows.filter(expires_at__gt=at).exists()


def acts_of(actor_id: int, *, chunk: int = 500) -> Iterator[AuditLine]:
    """Every line that tells of an act of this person, the oldest first; a chunk and a short query at a time."""
    last = UUID(int=0)
    while True:
        rows = list(AuditEntry.objects.filter(actor_id=actor_id, pk__gt=last).order_by("pk")[:chunk])
        for row in rows:
            yield AuditLine(
                row.at, row.act, row.target, row.target_id, row.scope, row.reason, row.details, row.ip or ""
            )
        if len(rows) < chunk:
            return
        last = rows[-1].pk


def details_of_acts(target: str, target_id: str, *, actor: int, since: datetime) -> list[Mapping[str, object]]:
    """What somebody's audit entries about one thing say in detail, since an instant."""
    entries = AuditEntry.objects.filter(target=target, target_id=target_id, actor_id=actor, at__gte=since)
    return list(entries.order_by("id").values_list("details", flat=True))


def first_act(act: str, *, target: str, target_id: str) -> RecordedAct | None:
    """The earliest line of this act on this thing."""
    rows = AuditEntry.objects.filter(target=target, target_id=target_id, act=act)
    row = rows.order_by("id").values_list("at", "actor_id", "reason", "details").first()
    return None if row is None else RecordedAct(*row)


def file_by_uid(uid: UUID) -> StoredFileInfo:
    """Raises `FileMissing`, also for a file that expired and is gone."""
    row = StoredFile.objects.filter(uid=uid).first()
    if row is None:
        raise FileMissing
    return _file(row)


def files_of(owner: str) -> list[StoredFileInfo]:
    """Every file of this owner, in the order they were stored."""
    return [_file(row) for row in StoredFile.objects.filter(owner=owner).order_by("pk")]


def pieces_of(uid: UUID) -> Iterator[bytes]:
    """The file's content, a piece and a query at a time. Raises `FileMissing`, and `FileDamaged` at a wrong end."""
    file = StoredFile.objects.filter(uid=uid).first()
    if file is None:
        raise FileMissing
    digest = hashlib.sha256()
    for number in count():
        piece = FilePiece.objects.filter(file=file, number=number).values_list("ciphertext", flat=True).first()
        if piece is None:
            break
        content = encryption.decrypt_bytes(bytes(piece))
        digest.update(content)
        yield content
    if digest.digest() != bytes(file.digest):
        raise FileDamaged


def _file(row: StoredFile) -> StoredFileInfo:
    return StoredFileInfo(
        uid=row.uid,
        owner=row.owner,
        name=row.name,
        content_type=row.content_type,
        size=row.size,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def endpoints_of(owner: str) -> list[Endpoint]:
    """The webhooks of an owner, the oldest first."""
    return [_endpoint(row) for row in WebhookEndpoint.objects.filter(owner=owner).order_by("pk")]


def endpoint_of(owner: str, endpoint_id: str) -> Endpoint | None:
    """One of them; None for another owner's as for none."""
    uid = parse_public_id("hook", endpoint_id)
    row = None if uid is None else WebhookEndpoint.objects.filter(owner=owner, uid=uid).first()
    return None if row is None else _endpoint(row)


def endpoints_by_id(endpoint_ids: Iterable[str]) -> dict[str, WebhookEndpoint]:
    """For the sender alone: rows with their secrets; unknown ids are absent."""
    uids = [uid for uid in (parse_public_id("hook", endpoint_id) for endpoint_id in endpoint_ids) if uid is not None]
    return {row.public_id: row for row in WebhookEndpoint.objects.filter(uid__in=uids)}


def deliveries_to(endpoint_id: str, *, at_most: int) -> list[Delivery]:
    """The latest messages for a webhook, the newest first."""
    rows = OutboxMessage.objects.filter(channel=OutboxMessage.Channel.WEBHOOK, recipient=endpoint_id)
    return [
        Delivery(
            event_id=row.dedupe_key.partition(":")[0],
            kind=row.kind,
            created_at=row.created_at,
            due_at=row.due_at,
            attempts=row.attempts,
            sent_at=row.sent_at,
            failed_at=row.failed_at,
            last_error=row.last_error,
        )
        for row in rows.order_by("-id")[:at_most]
    ]


def outbox_state(channel: str, *, at: datetime) -> OutboxState:
    """How many messages of a way wait, since when the oldest of them, and how many were given up within a day."""
    messages = OutboxMessage.objects.filter(channel=channel)
    found = messages.filter(sent_at=None, failed_at=None).aggregate(count=Count("pk"), oldest=Min("created_at"))
    given_up = messages.filter(failed_at__gt=at - timedelta(days=1)).count()
    age = at - found["oldest"] if found["oldest"] else timedelta(0)
    return OutboxState(found["count"], max(0.0, age.total_seconds()), given_up)


def _endpoint(row: WebhookEndpoint) -> Endpoint:
    return Endpoint(
        endpoint_id=row.public_id,
        url=row.url,
        kinds=tuple(row.kinds),
        created_at=row.created_at,
        verified_at=row.verified_at,
        failing_since=row.failing_since,
        disabled_at=row.disabled_at,
        reason=row.reason,
        previous_until=row.previous_until,
    )


def acts_within(
    scopes: Collection[str], filters: TrailFilters, *, cursor: Cursor | None = None, size: int = DEFAULT_SIZE
) -> Page[LoggedAct]:
    """One page of the lines that concern one of these scopes, the newest first. One query."""
    rows = _filtered(AuditEntry.objects.filter(scope__in=scopes).exclude(scope=""), filters)
    return keyset_page(rows, key="id", cursor=cursor, size=size).map(_logged)


def actors_within(scopes: Collection[str], acts: Collection[str]) -> set[int]:
    """Who did one of these acts there."""
    rows = AuditEntry.objects.filter(scope__in=scopes, act__in=acts).values_list("actor_id", flat=True).distinct()
    return {actor_id for actor_id in rows if actor_id is not None}


def _filtered(rows: QuerySet[AuditEntry], filters: TrailFilters) -> QuerySet[AuditEntry]:
    wanted = Q()
    if filters.actor_id is not None:
        wanted &= Q(actor_id=filters.actor_id) & ~Q(act__in=filters.their_acts)
    if filters.outsiders_to is not None:
        outsider = Q(actor_id__isnull=False) & ~Q(actor_id__in=filters.outsiders_to)
        wanted &= outsider | Q(act__in=filters.their_acts)
    if filters.acts:
        wanted &= Q(act__in=filters.acts)
    if filters.since is not None:
        wanted &= Q(at__gte=filters.since)
    if filters.until is not None:
        wanted &= Q(at__lt=filters.until)
    return rows.filter(wanted)


def _logged(row: AuditEntry) -> LoggedAct:
    return LoggedAct(
        id=row.id,
        at=row.at,
        actor_id=row.actor_id,
        act=row.act,
        target=row.target,
        target_id=row.target_id,
        reason=row.reason,
        details=row.details,
    )
