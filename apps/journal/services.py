"""Writes what must not be forgotten. Each call joins the caller's transaction: no fact without its line."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet

from apps.core.ids import uuid7
from apps.journal import errors
from apps.journal.errors import KeyInUse, KeyReused
from apps.journal.models import Approval, AuditEntry, IdempotencyRecord, MaintenanceRun, OperatorAlert, OutboxMessage
from apps.journal.types import Act, ApprovalRequest, DueMessage, Message, Replay

KEY_LIFE = timedelta(hours=24)
ATTEMPTS = 10
APPROVAL_LIFE = timedelta(days=7)
EXPIRED = "nobody decided within seven days"


def queue_message(message: Message, *, at: datetime) -> bool:
    """Stores a message once per `dedupe_key` and once per `quiet_key`; False when it was already there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO journal_outboxmessage "
            "(dedupe_key, quiet_key, channel, kind, recipient, payload, due_at, attempts, last_error) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, 0, '') ON CONFLICT DO NOTHING",
            [
                message.dedupe_key,
                message.quiet_key,
                message.channel,
                message.kind,
                message.recipient,
                json.dumps(dict(message.payload)),
                at,
            ],
        )
        return bool(cursor.rowcount)


def claim_messages(*, at: datetime, at_most: int = 50) -> list[DueMessage]:
    """Takes due messages and pushes their next attempt ahead, so that a sender that dies loses none.

    Two senders never claim the same message. The pause doubles with each attempt, up to an hour; after ten attempts
    the message is given up.
    """
    with transaction.atomic():
        rows = list(
            OutboxMessage.objects.select_for_update(skip_locked=True)
            .filter(sent_at=None, failed_at=None, due_at__lte=at)
            .order_by("due_at")[:at_most]
        )
        for row in rows:
            row.attempts += 1
            row.due_at = at + min(timedelta(seconds=30 * 2**row.attempts), timedelta(hours=1))
        OutboxMessage.objects.bulk_update(rows, ["attempts", "due_at"])
    return [
        DueMessage(
            message_id=row.pk,
            kind=row.kind,
            recipient=row.recipient,
            payload=row.payload,
            attempts=row.attempts,
            channel=row.channel,
            dedupe_key=row.dedupe_key,
            created_at=row.created_at,
        )
        for row in rows
    ]


def mark_sent(message_id: int, *, at: datetime) -> None:
    """Notes the success and drops the content: it may carry a link that lets somebody in."""
    OutboxMessage.objects.filter(pk=message_id, sent_at=None).update(sent_at=at, last_error="", payload={})


def mark_not_sent(message_id: int, *, error: str, at: datetime) -> None:
    """Keeps the reason; gives up when the attempts are used up."""
    OutboxMessage.objects.filter(pk=message_id).update(last_error=error[:200])
    OutboxMessage.objects.filter(pk=message_id, attempts__gte=ATTEMPTS).update(failed_at=at)


def give_up(message_id: int, *, error: str, at: datetime) -> None:
    """Ends a message that no further attempt would help, and keeps the reason."""
    OutboxMessage.objects.filter(pk=message_id, sent_at=None).update(last_error=error[:200], failed_at=at)


def record_act(act: Act, *, at: datetime) -> None:
    """One audit entry, in the transaction of the act it tells of."""
    AuditEntry.objects.create(
        id=uuid7(),
        at=at,
        actor_id=act.actor_id,
        actor_label=act.actor_label,
        act=act.act,
        target=act.target,
        target_id=act.target_id,
        reason=act.reason,
        details=dict(act.details),
        ip=act.ip,
        scope=act.scope,
    )


def raise_alert(kind: str, *, dedupe_key: str, details: Mapping[str, object]) -> None:
    """Opens an alert, or counts up the open one of the same key."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT journal_alert(%s, %s, %s)", [kind, dedupe_key, json.dumps(dict(details))])


def close_alert(alert_id: int, *, actor: int, at: datetime, reason: str) -> bool:
    """Closes an open alert; False when it was closed before."""
    with transaction.atomic():
        is_closed = OperatorAlert.objects.filter(pk=alert_id, closed_at=None).update(closed_at=at, closed_by_id=actor)
        if is_closed:
            record_act(Act("alert.closed", "operatoralert", str(alert_id), actor_id=actor, reason=reason), at=at)
    return bool(is_closed)


def request_approval(request: ApprovalRequest, *, at: datetime) -> int:
    """Asks for a second person's approval; returns its id. The same request while it is undecided gives the same id.

    It stays open for seven days, then counts as refused.
    """
    digest = _digest(request.parameters)
    same = {"act": request.act, "target": request.target, "target_id": request.target_id, "digest": digest}
    with transaction.atomic():
        _refuse_expired(Approval.objects.filter(**same), at=at)
        approval, is_new = Approval.objects.get_or_create(
            **same,
            requested_by_id=request.requested_by,
            approved_at=None,
            refused_at=None,
            defaults={
                "parameters": dict(request.parameters),
                "reason": request.reason,
                "requested_at": at,
                "expires_at": at + APPROVAL_LIFE,
            },
        )
        if is_new:
            _record_decision("requested", approval, actor=request.requested_by, reason=request.reason, at=at)
    return approval.pk


def approve(approval_id: int, *, actor: int, at: datetime, note: str = "") -> None:
    """Gives the approval; a note stays in the audit trail.

    Raises `ApprovalOwn` for one's own request, `ApprovalDecided`, `ApprovalMissing`.
    """
    with transaction.atomic():
        approval = _undecided(approval_id, at=at)
        if approval.requested_by_id == actor:
            raise errors.ApprovalOwn
        approval.approved_by_id, approval.approved_at = actor, at
        approval.save(update_fields=["approved_by_id", "approved_at"])
        _record_decision("approved", approval, actor=actor, reason=note or approval.reason, at=at)


def refuse(approval_id: int, *, actor: int, at: datetime, reason: str) -> None:
    """Refuses a request, or takes back one's own. Raises `ApprovalDecided`, `ApprovalMissing`."""
    with transaction.atomic():
        approval = _undecided(approval_id, at=at)
        approval.refused_by_id, approval.refused_at, approval.refuse_reason = actor, at, reason
        approval.save(update_fields=["refused_by_id", "refused_at", "refuse_reason"])
        _record_decision("refused", approval, actor=actor, reason=reason, at=at)


def use_approval(approval_id: int, *, act: str, target_id: str, parameters: Mapping[str, object], at: datetime) -> None:
    """Spends an approval on exactly the act it was given for, in the transaction of that act: a failed act frees it.

    Call it before the wallet is locked. Raises `ApprovalMissing`, `ApprovalMismatch`, `ApprovalUsed`.
    """
    with transaction.atomic():
        approval = Approval.objects.select_for_update().filter(pk=approval_id).first()
        if approval is None:
            raise errors.ApprovalMissing
        wanted = (act, target_id, _digest(parameters))
        if (approval.act, approval.target_id, bytes(approval.digest)) != wanted:
            raise errors.ApprovalMismatch
        if approval.used_at is not None:
            raise errors.ApprovalUsed
        if approval.approved_at is None or approval.expires_at <= at:
            raise errors.ApprovalMissing
        approval.used_at = at
        approval.save(update_fields=["used_at"])


def refuse_expired_approvals(*, at: datetime) -> int:
    """Refuses, in nobody's name, requests that nobody decided within their seven days."""
    with transaction.atomic():
        return _refuse_expired(Approval.objects.all(), at=at)


def _refuse_expired(approvals: QuerySet[Approval], *, at: datetime) -> int:
    """An approved one that nobody used just ends: it was decided, and that stays on record."""
    due = approvals.filter(approved_at=None, refused_at=None, expires_at__lte=at)
    rows = list(due.select_for_update(skip_locked=True))
    for approval in rows:
        approval.refused_at, approval.refuse_reason = at, EXPIRED
        approval.save(update_fields=["refused_at", "refuse_reason"])
        _record_decision("refused", approval, actor=None, reason=EXPIRED, at=at)
    return len(rows)


def _undecided(approval_id: int, *, at: datetime) -> Approval:
    """The request, locked until the transaction ends."""
    approval = Approval.objects.select_for_update().filter(pk=approval_id).first()
    if approval is None:
        raise errors.ApprovalMissing
    if approval.is_decided or approval.expires_at <= at:
        raise errors.ApprovalDecided
    return approval


def _record_decision(what: str, approval: Approval, *, actor: int | None, reason: str, at: datetime) -> None:
    details = {"act": approval.act, "target": approval.target, "target_id": approval.target_id}
    act = Act(f"approval.{what}", "approval", str(approval.pk), actor_id=actor, reason=reason, details=details)
    record_act(act, at=at)


def _digest(parameters: Mapping[str, object]) -> bytes:
    """SHA-256 of the one way to write these parameters as JSON."""
    text = json.dumps(dict(parameters), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).digest()


def begin_keyed(scope: str, *, key: str, digest: bytes, at: datetime) -> Replay | None:
    """Claims a caller's key on a route. None: go ahead, then `finish_keyed`. A `Replay`: this was done before.

    Runs in the transaction of the act, so a failed act frees its key. Raises `KeyReused` for another body and
    `KeyInUse` while the first call has not finished.
    """
    with connection.cursor() as cursor:
        # Without this, a twin would wait for the first call's commit instead of being told.
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"{scope} {key}"])
        if cursor.fetchone() != (True,):
            raise KeyInUse
        IdempotencyRecord.objects.filter(scope=scope, key=key, expires_at__lte=at).delete()
        cursor.execute(
            "INSERT INTO journal_idempotencyrecord (scope, key, digest, status, object_id, expires_at) "
            "VALUES (%s, %s, %s, 0, '', %s) ON CONFLICT (scope, key) DO NOTHING",
            [scope, key, digest, at + KEY_LIFE],
        )
        if cursor.rowcount:
            return None
    record = IdempotencyRecord.objects.get(scope=scope, key=key)
    if bytes(record.digest) != digest:
        raise KeyReused
    if not record.status:
        raise KeyInUse
    return Replay(record.status, record.object_id)


def finish_keyed(scope: str, *, key: str, status: int, object_id: str) -> None:
    """Stores what a repeat is answered with."""
    IdempotencyRecord.objects.filter(scope=scope, key=key).update(status=status, object_id=object_id)


def forget_expired_keys(*, at: datetime, at_most: int = 1000) -> int:
    """Deletes keys past their 24 hours, a batch at a time."""
    ids = IdempotencyRecord.objects.filter(expires_at__lte=at).order_by("expires_at").values("pk")[:at_most]
    return IdempotencyRecord.objects.filter(pk__in=ids).delete()[0]


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
