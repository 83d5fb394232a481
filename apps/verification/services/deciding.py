"""Decisions on verifications. The row is locked and read again first, so that of two reviewers one decides."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import override

from apps.accounts import services as accounts
from apps.accounts.types import NoticeKind
from apps.core.money import credits_text
from apps.journal import services as journal
from apps.promotions import services as promotions
from apps.promotions.types import VerifiedSubject
from apps.teams import queries as teams
from apps.teams import services as team_services
from apps.verification.errors import DecidedAlready, NotApproved, NotYetExamined, OwnVerification
from apps.verification.models import ReasonCode, Review, Status, Subject, Verification, WaitsFor
from apps.verification.services.rows import locked, record
from apps.verification.types import APPROVED, REJECTED, REVOKED

PAGES: Final = {"personal": "/console/verification", "enterprise": "/console/verification/team"}


def approve(verification_id: int, *, actor: int, at: datetime, reason: str = "") -> int:
    """Approves, and grants what the campaign in force grants this subject; returns the nanocredits, often 0.

    Of two reviewers the second gets `DecidedAlready`, and nothing is granted twice. Raises `OwnVerification` for
    whoever applied or is in the team, `NotYetExamined`, `VerificationMissing`.
    """
    with transaction.atomic(durable=True):
        row = _to_decide(verification_id, actor=actor)
        if row.waits_for != WaitsFor.PERSON:
            raise NotYetExamined
        return approve_locked(row, actor=actor, at=at, note=reason)


def reject(verification_id: int, *, actor: int, at: datetime, code: str, reason: str = "") -> None:
    """Rejects with a reason that the applicant reads; he may submit again.

    What waits for the scanner can be rejected too. Raises `DecidedAlready`, `OwnVerification`, `VerificationMissing`.
    """
    with transaction.atomic(durable=True):
        row = _to_decide(verification_id, actor=actor)
        reject_locked(row, actor=actor, at=at, code=ReasonCode(code), reason=reason)


def revoke(verification_id: int, *, actor: int, at: datetime, reason: str) -> int:
    """Ends an approval and takes back the unspent part of what it granted; returns those nanocredits.

    Raises `NotApproved` also for the second of two who revoke, `OwnVerification`, `VerificationMissing`.
    """
    with transaction.atomic(durable=True):
        row = locked(verification_id)
        _refuse_own(row, actor)
        if row.status != Status.APPROVED:
            raise NotApproved
        row.status, row.revoked_at, row.decided_by_id, row.reason = Status.REVOKED, at, actor, reason
        row.save(update_fields=["status", "revoked_at", "decided_by", "reason"])
        taken = promotions.take_back_verification(row.pk, reason=reason, actor=actor, at=at)
        review = _review(row, reviewer=actor, at=at)
        details = {"taken_back": credits_text(taken)}
        record("verification.revoked", row, actor=actor, at=at, reason=reason, details=details)
        _tell(row, review, REVOKED, at=at)
        _let_documents_expire(row, at=at)
    return taken


def approve_locked(row: Verification, *, actor: int | None, at: datetime, note: str = "") -> int:
    """The same for a row that the caller has locked and found undecided; `actor` is None for an automatic check."""
    Subject.objects.select_for_update(no_key=True).get(pk=row.subject_id)  # its other accounts wait here
    row.status, row.waits_for, row.look_at = Status.APPROVED, "", None
    row.approved_at, row.decided_by_id = at, actor
    row.save(update_fields=["status", "waits_for", "look_at", "approved_at", "decided_by"])
    row.credited_nanos = promotions.credit_verification(_verified(row), at=at)
    row.save(update_fields=["credited_nanos"])
    review = _review(row, reviewer=actor, at=at)
    details = {"credited": credits_text(row.credited_nanos)}
    record("verification.approved", row, actor=actor, at=at, reason=note, details=details)
    _tell(row, review, APPROVED, at=at)
    _let_documents_expire(row, at=at)
    return row.credited_nanos


def reject_locked(row: Verification, *, actor: int | None, at: datetime, code: ReasonCode, reason: str = "") -> None:
    """The same for a row that the caller has locked and found undecided; `actor` is None when nobody decided."""
    row.status, row.waits_for, row.look_at = Status.REJECTED, "", None
    row.rejected_at, row.decided_by_id, row.reason_code, row.reason = at, actor, code, reason
    row.save()
    review = _review(row, reviewer=actor, at=at)
    record("verification.rejected", row, actor=actor, at=at, reason=reason, details={"code": str(code)})
    _tell(row, review, REJECTED, at=at)
    _let_documents_expire(row, at=at)


def _to_decide(verification_id: int, *, actor: int) -> Verification:
    row = locked(verification_id)
    _refuse_own(row, actor)
    if row.status != Status.SUBMITTED:
        raise DecidedAlready
    return row


def _refuse_own(row: Verification, actor: int) -> None:
    is_own = row.user_id == actor
    if is_own or (row.team is not None and teams.team_for(actor, row.team.public_id) is not None):
        raise OwnVerification


def _verified(row: Verification) -> VerifiedSubject:
    """`submitted_at` is the first submission: a blurred picture does not make an account too old."""
    return VerifiedSubject(
        verification_id=row.pk,
        kind=row.kind,
        subject_key=bytes(row.subject.digest).hex(),
        user_id=row.user_id,
        wallet_id=_wallet_of(row),
        submitted_at=row.created_at,
        user_joined_at=row.user.joined_at,
    )


def _wallet_of(row: Verification) -> int:
    return team_services.personal_team_of(row.user).wallet_id if row.team is None else row.team.wallet_id


def _review(row: Verification, *, reviewer: int | None, at: datetime) -> Review:
    return Review.objects.create(
        verification=row,
        decision=row.status,
        submitted_at=row.submitted_at,
        at=at,
        reviewer_id=reviewer,
        reason_code=row.reason_code,
        reason=row.reason,
    )


def _tell(row: Verification, review: Review, kind: NoticeKind, *, at: datetime) -> None:
    """The applicant, and for an organisation whoever answers for its team's money."""
    people = {row.user_id}
    if row.team is not None:
        told = teams.people_to_tell([row.team.wallet_id]).get(row.team.wallet_id)
        people |= {person.user_id for person in told.people} if told else set()
    with override("en"):
        reason = str(ReasonCode(row.reason_code).label) if row.reason_code else ""
    payload = {
        "kind": row.kind,
        "team": row.team.name if row.team else "",
        "credits": credits_text(row.credited_nanos) if kind is APPROVED and row.credited_nanos else "",
        "reason": reason,
        "words": row.reason,
        "path": PAGES[row.kind],
    }
    key = f"{kind.code}:{row.public_id}:{review.pk}"
    accounts.notify(people, kind, payload=payload, dedupe_key=key, at=at)
    if row.team is not None:
        event = {"verification": row.public_id, "status": row.status, "reason": row.reason_code}
        journal.queue_event(row.team.public_id, kind.code, payload=event, dedupe_key=key, at=at)


def _let_documents_expire(row: Verification, *, at: datetime) -> None:
    journal.set_expiry(row.public_id, expires_at=at + timedelta(days=settings.VERIFICATION_DOCUMENT_DAYS))
