"""Which entries somebody may read, and what they say in one language. Writes nothing."""

from apps.announcements.queries.feeds import (
    PREFIX,
    entries_by_id,
    entries_page,
    entry_by_uid,
    entry_of,
    is_published,
    latest_important,
    viewer_of,
    visible_entry,
)
from apps.announcements.queries.shown import coming_words, shown_entry

__all__ = [
    "PREFIX",
    "coming_words",
    "entries_by_id",
    "entries_page",
    "entry_by_uid",
    "entry_of",
    "is_published",
    "latest_important",
    "shown_entry",
    "viewer_of",
    "visible_entry",
]
