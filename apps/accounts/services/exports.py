"""The row behind a data export: asked for, made part by part, ready for some days. What is in it is decided above.

Whoever makes an export holds it for `LEASE` at a time and says so after each part; a worker that dies is followed by
the next, and one that was overtaken finds out when it writes.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from apps.accounts import errors
from apps.accounts.models import DataExport
from apps.accounts.services.closing import lock_user
from apps.accounts.services.notices import notify
from apps.accounts.types import EXPORT_READY, ExportToMake
from apps.journal import services as journal

A_DAY: Final = 3
ATTEMPTS: Final = 5
LEASE: Final = timedelta(minutes=10)
KEPT_FOR: Final = timedelta(days=7)
_EXPORTS_PAGE: Final = "/console/settings/export"


def ask_export(user_id: int, *, at: datetime) -> str:
    """Puts an export on the list of what is to be made; returns its public id.

    Raises `ExportUnderWay` while one is being made and `ExportsUsedUp` after three in 24 hours; the lock on the person
    makes two at once one.
    """
    with transaction.atomic():
        lock_user(user_id)
        exports = DataExport.objects.filter(user_id=user_id)
        if exports.filter(ready_at=None, given_up_at=None).exists():
            raise errors.ExportUnderWay
        if exports.filter(asked_at__gt=at - timedelta(days=1)).count() >= A_DAY:
            raise errors.ExportsUsedUp
        return DataExport.objects.create(user_id=user_id, asked_at=at, due_at=at).public_id


def claim_export(*, parts: int, at: datetime) -> ExportToMake | None:
    """The next export to make, held for `LEASE`; None when nothing is due. Two workers never claim the same one.

    After five attempts it is given up, an operator hears of it, and the one behind it is the next.
    """
    with transaction.atomic():
        due = DataExport.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            ready_at=None, given_up_at=None, due_at__lte=at
        )
        row = due.select_related("user").order_by("due_at").first()
        if row is None:
            return None
        if row.attempts >= ATTEMPTS:
            _give_up(row, at=at)
        else:
            row.attempts += 1
            row.due_at, row.parts_done, row.parts = at + LEASE, 0, parts
            row.save(update_fields=["attempts", "due_at", "parts_done", "parts"])
    if row.given_up_at is not None:
        return claim_export(parts=parts, at=at)
    user = row.user
    return ExportToMake(row.pk, row.public_id, row.attempts, user.pk, user.language, user.time_zone)


def note_parts(export: ExportToMake, *, parts: int, at: datetime) -> bool:
    """So many parts are whole, and the work goes on; False for a worker that another one has followed, or whose person
    has left."""
    return bool(_mine(export).update(parts_done=parts, due_at=at + LEASE))


def finish_export(export: ExportToMake, *, file_uid: UUID, size: int, expires_at: datetime, at: datetime) -> bool:
    """The file is whole: the person is told, once. False as for `note_part`; then the caller deletes the file."""
    with transaction.atomic():
        ready = {"ready_at": at, "file_uid": file_uid, "size": size, "expires_at": expires_at}
        if not _mine(export).update(parts_done=F("parts"), **ready):
            return False
        notify(
            [export.user_id],
            EXPORT_READY,
            payload={"path": _EXPORTS_PAGE, "expires_at": expires_at.isoformat()},
            dedupe_key=f"{EXPORT_READY.code}:{export.public_id}",
            at=at,
        )
    return True


def drop_exports(user_id: int, *, at: datetime) -> None:
    """Deletes the files of a person's exports and stops what is being made. Safe to repeat."""
    with transaction.atomic():
        rows = DataExport.objects.select_for_update().filter(user_id=user_id)
        for row in rows:
            journal.delete_files_of(row.public_id)
        rows.filter(ready_at=None, given_up_at=None).update(given_up_at=at)
        rows.filter(ready_at__isnull=False, expires_at__gt=at).update(expires_at=at)


def _mine(export: ExportToMake) -> QuerySet[DataExport]:
    return DataExport.objects.filter(pk=export.export_id, attempts=export.attempt, ready_at=None, given_up_at=None)


def _give_up(row: DataExport, *, at: datetime) -> None:
    row.given_up_at = at
    row.save(update_fields=["given_up_at"])
    key = f"export-failed:{row.public_id}"
    journal.raise_alert("export-failed", dedupe_key=key, details={"export": row.public_id, "user": row.user_id})
