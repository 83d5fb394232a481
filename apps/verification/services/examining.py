"""What happens to a submission before a person looks at it: the scan that could not be done at once, then the check.

Both talk to a network, so each row is read, examined outside a transaction, then locked and read again.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from apps.journal import queries as journal_queries
from apps.journal import services as journal
from apps.verification import providers
from apps.verification.models import ReasonCode, Verification, WaitsFor
from apps.verification.providers import Finding, Outcome
from apps.verification.scanning import Verdict, verdict_of
from apps.verification.sealing import unsealed
from apps.verification.services.deciding import approve_locked, reject_locked
from apps.verification.types import Application, CheckedDocument

PAUSE: Final = timedelta(minutes=5)


def examine_waiting(*, at: datetime, at_most: int = 20) -> int:
    """Scans and checks what is due; returns how many went on. What cannot be examined now is looked at again later.

    Each is put off before anybody is asked about it: of two that run at once one asks, and what ends a run comes behind
    the others in the next.
    """
    due = Verification.objects.filter(look_at__lte=at).order_by("look_at").values_list("pk", "look_at")
    return sum(_examine(pk, look_at=look_at, at=at) for pk, look_at in list(due[:at_most]))


def _examine(verification_id: int, *, look_at: datetime | None, at: datetime) -> bool:
    if not Verification.objects.filter(pk=verification_id, look_at=look_at).update(look_at=at + PAUSE):
        return False
    row = Verification.objects.get(pk=verification_id)
    examine = _scan if row.waits_for == WaitsFor.SCAN else _check
    return examine(verification_id, row.submitted_at, at=at)


def _scan(verification_id: int, submitted_at: datetime, *, at: datetime) -> bool:
    verdict = verdict_of(document.content for document in _documents(verification_id))
    with transaction.atomic(durable=True):
        row = _still_waiting(verification_id, WaitsFor.SCAN, submitted_at)
        if row is None:
            return False
        if verdict is Verdict.UNAVAILABLE:
            _look_again(row, at=at)
            journal.raise_alert("verification-scanner", dedupe_key="verification-scanner", details={})
            return False
        if verdict is Verdict.INFECTED:
            reject_locked(row, actor=None, at=at, code=ReasonCode.INFECTED)
            journal.delete_files_of(row.public_id)
            return True
        row.scanned_at = at if verdict is Verdict.CLEAN else None
        row.waits_for = WaitsFor.PERSON if providers.is_manual() else WaitsFor.CHECK
        row.look_at = None if row.waits_for == WaitsFor.PERSON else at
        row.save(update_fields=["scanned_at", "waits_for", "look_at"])
    return True


def _check(verification_id: int, submitted_at: datetime, *, at: datetime) -> bool:
    finding = _finding_of(verification_id)
    with transaction.atomic(durable=True):
        row = _still_waiting(verification_id, WaitsFor.CHECK, submitted_at)
        if row is None:
            return False
        if finding is None:
            _look_again(row, at=at)
            journal.raise_alert("verification-provider", dedupe_key="verification-provider", details={})
            return False
        _follow(row, finding, at=at)
    return True


def _follow(row: Verification, finding: Finding, *, at: datetime) -> None:
    if finding.outcome is Outcome.PASSED:
        approve_locked(row, actor=None, at=at)
    elif finding.outcome is Outcome.FAILED:
        reject_locked(row, actor=None, at=at, code=ReasonCode.CHECK_FAILED, reason=finding.reason[:200])
    else:
        row.waits_for, row.look_at = WaitsFor.PERSON, None
        row.save(update_fields=["waits_for", "look_at"])


def _finding_of(verification_id: int) -> Finding | None:
    """What the provider says; None while it does not answer."""
    row = Verification.objects.get(pk=verification_id)
    particulars = unsealed(row.sealed)
    if particulars is None:
        return None
    application = Application(row.public_id, row.kind, particulars, _documents(verification_id))
    try:
        return providers.provider().check(application)
    except OSError:
        return None


def _documents(verification_id: int) -> tuple[CheckedDocument, ...]:
    owner = Verification.objects.get(pk=verification_id).public_id
    return tuple(
        CheckedDocument(file.name, file.content_type, b"".join(journal_queries.pieces_of(file.uid)))
        for file in journal_queries.files_of(owner)
    )


def _still_waiting(verification_id: int, waits_for: WaitsFor, submitted_at: datetime) -> Verification | None:
    """The row, locked, if it is the same submission and nobody examined it meanwhile."""
    rows = Verification.objects.select_for_update(of=("self",)).select_related("subject", "user", "team")
    return rows.filter(pk=verification_id, waits_for=waits_for, submitted_at=submitted_at).first()


def _look_again(row: Verification, *, at: datetime) -> None:
    row.look_at = at + PAUSE
    row.save(update_fields=["look_at"])
