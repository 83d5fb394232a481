"""Entries that tests of announcements begin with."""

from datetime import UTC, datetime, timedelta
from typing import Any

from apps.announcements import services as announcements
from apps.announcements.models import Announcement
from apps.announcements.types import Entry, Viewer

NOON = datetime(2026, 5, 9, 12, tzinfo=UTC)
STRANGER = Viewer(frozenset({"default"}))


def make_entry(key: str = "price:41", **more: Any) -> Entry:
    texts = {"title": {"en": "A title", "zh-hans": "标题"}, "summary": {"en": "What it is.", "zh-hans": "说明。"}}
    return Entry(**{"key": key, "category": "prices"} | texts | more)


def publish(key: str = "price:41", *, at: datetime = NOON, **more: Any) -> Announcement:
    return Announcement.objects.get(pk=announcements.publish_entry(make_entry(key, **more), at=at))


def make_draft(**more: Any) -> Announcement:
    """What an operator saved and nobody reads yet."""
    texts = {"title": {"en": "Night of work"}, "summary": {"en": "The console is away for an hour."}}
    return Announcement.objects.create(**{"category": "maintenance", "created_at": NOON} | texts | more)


def later(**span: int) -> datetime:
    return NOON + timedelta(**span)
