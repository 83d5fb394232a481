"""Writes entries of the feeds: those of our own acts at once, those of operators from drafts. No mail, no feed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from apps.announcements import entries, errors
from apps.announcements.models import Announcement
from apps.announcements.types import Entry, Texts
from apps.journal import services as journal
from apps.journal.types import Act
from apps.teams import queries as teams

_MISSING: Final = {
    "title": _("Write a title in at least one language, and in each language that has a summary."),
    "summary": _("Write a summary in each language that has a title."),
}


def publish_entry(entry: Entry, *, at: datetime) -> int:
    """An entry about an act of ours, in the feeds from `at` on; returns its row's id for the act's own row.

    Safe to repeat: there is one entry a key, and the first one stays. Raises `EntryInvalid`.
    """
    check_texts(entry.title, scope=entry.scope, summary=entry.summary, notes=entry.notes)
    check_link(entry.link)
    groups = _group_ids(entry.group_codes)
    with transaction.atomic():
        row, is_new = Announcement.objects.get_or_create(
            key=entry.key,
            defaults={
                "category": entry.category,
                "audience": entry.audience,
                "title": dict(entry.title),
                "scope": dict(entry.scope),
                "summary": dict(entry.summary),
                "notes": dict(entry.notes),
                "link": entry.link,
                "effective_at": entry.effective_at,
                "published_at": at,
                "created_at": at,
            },
        )
        if is_new:
            row.access_groups.set(groups)
    return row.pk


def publish_draft(
    entry_id: int, *, actor: int | None, at: datetime, reason: str, published_at: datetime | None = None
) -> None:
    """Puts an operator's draft into the feeds now, or when `published_at` comes.

    Raises `EntryMissing`, `EntryPublished`, `EntryInvalid`, `PublicationInPast`.
    """
    with transaction.atomic():
        row = _locked(entry_id)
        if row.published_at is not None:
            raise errors.EntryPublished
        if published_at is not None and published_at < at:
            raise errors.PublicationInPast(field="published_at")
        check_texts(row.title, scope=row.scope, summary=row.summary, notes=row.notes)
        check_link(row.link)
        row.published_at = published_at or at
        row.save(update_fields=["published_at"])
        instant = row.published_at.isoformat()
        _record("announcement.published", row, actor=actor, reason=reason, details={"published_at": instant}, at=at)


def withdraw_entry(entry_id: int, *, actor: int | None, at: datetime, reason: str) -> None:
    """Takes an entry out of the feeds; one that nobody could read yet becomes a draft again.

    Raises `EntryMissing`, and `EntryNotPublished` for a draft and for one that was withdrawn.
    """
    with transaction.atomic():
        row = _locked(entry_id)
        if row.published_at is None or row.withdrawn_at is not None:
            raise errors.EntryNotPublished
        if row.published_at > at:
            row.published_at = None
        else:
            row.withdrawn_at = at
        row.save(update_fields=["published_at", "withdrawn_at"])
        act = "announcement.unscheduled" if row.published_at is None else "announcement.withdrawn"
        _record(act, row, actor=actor, reason=reason, details={}, at=at)


def check_texts(title: Texts, *, scope: Texts, summary: Texts, notes: Texts) -> None:
    """Raises `EntryInvalid` for texts that cannot be published, with the field to mend."""
    missing = entries.missing_text(title, summary)
    if missing is not None:
        raise errors.EntryInvalid(_MISSING[missing], field=missing)
    texts = {"title": title, "scope": scope, "summary": summary, "notes": notes}
    unreadable = entries.unreadable(texts)
    if unreadable is not None:
        raise errors.EntryInvalid(_("Write plain text here: it holds a control character."), field=unreadable)
    long = entries.too_long(texts)
    if long is not None:
        text = _("Write at most %(most)d characters here.") % {"most": entries.LONGEST[long]}
        raise errors.EntryInvalid(text, field=long)


def check_link(link: str) -> None:
    """Raises `EntryInvalid` for a link that leaves this site."""
    if not entries.is_own_path(link):
        raise errors.EntryInvalid(_("Write a path of this site, such as /models."), field="link")


def _group_ids(codes: Sequence[str]) -> list[int]:
    ids = teams.access_group_ids(codes)
    unknown = sorted(set(codes) - set(ids))
    if unknown:
        text = _("There is no access group with the code “%(code)s”.") % {"code": unknown[0]}
        raise errors.EntryInvalid(text, field="group_codes")
    return list(ids.values())


def _locked(entry_id: int) -> Announcement:
    row = Announcement.objects.select_for_update(no_key=True).filter(pk=entry_id).first()
    if row is None:
        raise errors.EntryMissing
    return row


def _record(
    act: str, row: Announcement, *, actor: int | None, reason: str, details: dict[str, object], at: datetime
) -> None:
    entry = Act(act, "announcement", row.public_id, actor_id=actor, reason=reason, details=details)
    journal.record_act(entry, at=at)
