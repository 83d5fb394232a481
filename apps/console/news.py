"""What the first page of the console says of the announcements: at most one, and only what concerns money or safety."""

from datetime import datetime

from django.http import HttpRequest
from django.utils.translation import get_language

from apps.announcements import queries
from apps.announcements.types import ShownEntry
from apps.console.shell import shell_of


def latest_news(request: HttpRequest, *, at: datetime) -> ShownEntry | None:
    """The newest important entry of the last days that a team of the reader may see. Two queries."""
    viewer = queries.viewer_of([payer.team.id for payer in shell_of(request).payers], at=at)
    entry = queries.latest_important(viewer, at=at)
    return None if entry is None else queries.shown_entry(entry, language=get_language() or "en", at=at)
