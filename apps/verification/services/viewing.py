"""Staff look at particulars and documents: nobody does without a line in the trail."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.journal import queries as journal_queries
from apps.journal.errors import FileMissing
from apps.journal.types import StoredFileInfo
from apps.verification.errors import VerificationMissing
from apps.verification.models import Verification
from apps.verification.sealing import unsealed
from apps.verification.services.rows import record
from apps.verification.types import Particulars


def open_particulars(verification_id: int, *, actor: int, at: datetime) -> Particulars | None:
    """The particulars in clear, and who saw them; None once they were erased. Raises `VerificationMissing`."""
    row = _row(verification_id)
    particulars = unsealed(row.sealed)
    if particulars is not None:
        record("verification.particulars_viewed", row, actor=actor, at=at)
    return particulars


def open_document(verification_id: int, uid: UUID, *, actor: int, at: datetime) -> tuple[StoredFileInfo, bytes]:
    """A document of this verification, and who saw it. Raises `FileMissing`, also for somebody else's file."""
    row = _row(verification_id)
    file = journal_queries.file_by_uid(uid)
    if file.owner != row.public_id:
        raise FileMissing
    with transaction.atomic():
        content = b"".join(journal_queries.pieces_of(uid))
        record("verification.document_viewed", row, actor=actor, at=at, details={"document": file.name})
    return file, content


def _row(verification_id: int) -> Verification:
    row = Verification.objects.select_related("team").filter(pk=verification_id).first()
    if row is None:
        raise VerificationMissing
    return row
