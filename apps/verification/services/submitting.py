"""Applying, and applying again after a rejection. Documents are scanned before the transaction begins."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from apps.accounts import services as accounts
from apps.core.billing_calendar import business_date
from apps.journal import services as journal
from apps.teams import services as teams
from apps.verification import providers
from apps.verification.documents import checked_documents
from apps.verification.errors import DocumentInfected, DocumentRefused, NotRejected, OneAlready, TeamIsPersonal
from apps.verification.models import OPEN_OR_APPROVED, Status, Verification, WaitsFor
from apps.verification.particulars import checked_particulars
from apps.verification.scanning import Verdict, verdict_of
from apps.verification.sealing import sealed, subject_of
from apps.verification.services.rows import applications_of, record
from apps.verification.types import Applicant, CheckedDocument, Particulars, Upload

FIRST_LOOK: Final = timedelta(minutes=1)
ONCE: Final = ("verification_personal_once", "verification_enterprise_once")


def submit(applicant: Applicant, *, particulars: Particulars, uploads: Sequence[Upload], at: datetime) -> str:
    """A new application; returns its public id. Documents that the scanner cannot be asked about wait for it.

    Raises `FieldInvalid` (`DocumentRefused`, `DocumentInfected`) and `OneAlready`; sending the form twice is the
    latter, and so is the second of two at once, by unique index.
    """
    _refuse_second(applicant)
    checked, documents, verdict = _examined(applicant, particulars, uploads, at=at)
    with _once(), transaction.atomic(durable=True):
        _lock(applicant)
        row = Verification(kind=applicant.kind, created_at=at)
        row.team_id = None if applicant.team is None else applicant.team.id
        _fill(row, applicant.user_id, checked, verdict, at=at)
        row.save(force_insert=True)
        _store(row, documents, at=at)
        record("verification.submitted", row, actor=applicant.user_id, at=at)
    return row.public_id


def resubmit(applicant: Applicant, *, particulars: Particulars, uploads: Sequence[Upload], at: datetime) -> str:
    """The applicant's last application once more, if it was rejected; the old documents are deleted.

    Raises what `submit` raises, and `NotRejected` when there is none to repeat, as for the second of two clicks.
    """
    checked, documents, verdict = _examined(applicant, particulars, uploads, at=at)
    with _once(), transaction.atomic(durable=True):
        _lock(applicant)
        row = applications_of(applicant).select_for_update().order_by("-created_at", "-pk").first()
        if row is None or row.status != Status.REJECTED:
            raise NotRejected
        _fill(row, applicant.user_id, checked, verdict, at=at)
        row.save()
        journal.delete_files_of(row.public_id)
        _store(row, documents, at=at)
        record("verification.resubmitted", row, actor=applicant.user_id, at=at)
    return row.public_id


def _lock(applicant: Applicant) -> None:
    """Whoever closes the team or the account erases what is there: nothing is handed in behind that.

    Raises `TeamMissing`, `PermissionMissing` and `AccountClosed`.
    """
    if applicant.team is not None:
        teams.lock_team_as(applicant.team, "verification.change")
    accounts.lock_user(applicant.user_id)


def _refuse_second(applicant: Applicant) -> None:
    """Before anything is scanned; the unique index has the last word."""
    if applications_of(applicant).filter(status__in=OPEN_OR_APPROVED).exists():
        raise OneAlready


@contextmanager
def _once() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        if any(name in str(error) for name in ONCE):
            raise OneAlready from error
        raise


def _examined(
    applicant: Applicant, particulars: Particulars, uploads: Sequence[Upload], *, at: datetime
) -> tuple[Particulars, tuple[CheckedDocument, ...], Verdict]:
    """Particulars and documents that may be stored, and what the scanner said of them."""
    if applicant.team is not None and applicant.team.is_personal:
        raise TeamIsPersonal
    checked = checked_particulars(applicant.kind, particulars, today=business_date(at))
    if not uploads:
        raise DocumentRefused("", _("Attach the document."))
    documents = checked_documents(uploads)
    verdict = verdict_of(document.content for document in documents)
    if verdict is Verdict.INFECTED:
        raise DocumentInfected(
            "", _("The virus scanner found something harmful in these files. Nothing was kept. Attach clean ones.")
        )
    return checked, documents, verdict


def _fill(row: Verification, user_id: int, particulars: Particulars, verdict: Verdict, *, at: datetime) -> None:
    """Makes the row a submission of now, whatever it was before."""
    row.user_id = user_id
    row.subject = subject_of(row.kind, country=particulars.country, number=particulars.number)
    row.sealed, row.erased_at = sealed(particulars), None
    row.status, row.submitted_at = Status.SUBMITTED, at
    row.scanned_at = at if verdict is Verdict.CLEAN else None
    row.waits_for = _next_of(verdict)
    row.look_at = None if row.waits_for == WaitsFor.PERSON else at + FIRST_LOOK
    row.rejected_at, row.decided_by, row.reason_code, row.reason = None, None, "", ""


def _next_of(verdict: Verdict) -> WaitsFor:
    if verdict is Verdict.UNAVAILABLE:
        return WaitsFor.SCAN
    return WaitsFor.PERSON if providers.is_manual() else WaitsFor.CHECK


def _store(row: Verification, documents: Sequence[CheckedDocument], *, at: datetime) -> None:
    """Their owner is the verification's public id."""
    for document in documents:
        journal.store_file(
            row.public_id, name=document.name, content=document.content, content_type=document.content_type, at=at
        )
