"""Who makes exports: whatever is due, one after the other, each once however often a worker is killed."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from apps.accounts import services as accounts
from apps.accounts.types import ExportToMake
from apps.console.exporting.archive import zip_pieces
from apps.console.exporting.parts import PARTS, Subject
from apps.journal import queries as journal_queries
from apps.journal import services as journal
from apps.journal.errors import FileMissing
from apps.teams import queries as teams

AT_MOST: Final = 20
NAME: Final = "sluice-data.zip"
Clock = Callable[[], datetime]


class Overtaken(Exception):
    """Somebody else makes this export now, or its person has left: what was written so far is nobody's."""


def make_exports(*, now: Clock, at_most: int = AT_MOST) -> int:
    """Makes exports that are due, the longest due first; returns how many are ready. Safe to run at once and again."""
    made = 0
    while made < at_most and (export := accounts.claim_export(parts=len(PARTS), at=now())) is not None:
        made += _make(export, now=now)
    return made


def _make(export: ExportToMake, *, now: Clock) -> bool:
    """Begins anew whatever an earlier attempt left. A defect ends the worker's task; the lease brings it back."""
    at = now()
    personal = teams.personal_team_for(export.user_id)
    if personal is None:
        return False
    journal.delete_files_of(export.public_id)

    def done(parts: int) -> None:
        if not accounts.note_parts(export, parts=parts, at=now()):
            raise Overtaken

    pieces = zip_pieces(PARTS, Subject(export.user_id, personal, at), language=export.language, done=done)
    expires_at = at + accounts.KEPT_FOR
    try:
        uid = journal.store_growing(
            export.public_id, name=NAME, pieces=pieces, content_type="application/zip", at=at, expires_at=expires_at
        )
    except (Overtaken, FileMissing):
        return False
    size = journal_queries.file_by_uid(uid).size
    if accounts.finish_export(export, file_uid=uid, size=size, expires_at=expires_at, at=now()):
        return True
    journal.delete_file(uid)
    return False
