"""One person asks for an act, another allows it, once."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from apps.journal import errors
from apps.journal.models import Approval
from apps.journal.services.trail import record_act
from apps.journal.types import Act, ApprovalRequest

APPROVAL_LIFE = timedelta(days=7)
EXPIRED = "nobody decided within seven days"


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
    about = f"{approval.target}:{approval.target_id}"
    act = Act(f"approval.{what}", "approval", str(approval.pk), actor, reason=reason, details=details, scope=about)
    record_act(act, at=at)


def _digest(parameters: Mapping[str, object]) -> bytes:
    """SHA-256 of the one way to write these parameters as JSON."""
    text = json.dumps(dict(parameters), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).digest()
