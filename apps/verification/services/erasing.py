"""What goes when a person or a team closes: particulars and documents. The keyed hash stays, against duplicates."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from apps.journal import services as journal
from apps.verification.models import Kind, ReasonCode, Verification
from apps.verification.services.deciding import reject_locked
from apps.verification.services.rows import record


def erase_person(user_id: int, *, at: datetime) -> int:
    """Erases the person's own verifications; returns how many. What waits for a decision is rejected. Safe to repeat.

    An organisation's verification belongs to its team and stays until that is closed.
    """
    return _erase(Verification.objects.filter(kind=Kind.PERSONAL, user_id=user_id), at=at)


def erase_team(team_id: int, *, at: datetime) -> int:
    """The same for an organisation whose team is closed."""
    return _erase(Verification.objects.filter(team_id=team_id), at=at)


def _erase(rows: QuerySet[Verification], *, at: datetime) -> int:
    with transaction.atomic():
        found = list(rows.filter(erased_at=None).select_for_update(of=("self",)).select_related("user", "team"))
        for row in found:
            if row.is_open:
                reject_locked(row, actor=None, at=at, code=ReasonCode.ACCOUNT_CLOSED)
            row.sealed, row.erased_at = b"", at
            row.save(update_fields=["sealed", "erased_at"])
            journal.delete_files_of(row.public_id)
            record("verification.erased", row, actor=None, at=at)
    return len(found)
