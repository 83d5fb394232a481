"""An entry in one language, ready for pages: its texts, its dates in words, and the badge of what is still to come."""

from datetime import datetime
from typing import Final

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from apps.announcements import entries
from apps.announcements.types import Audience, Category, PublishedEntry, ShownEntry
from apps.core.billing_calendar import business_date

_READERS: Final = {
    Audience.EVERYONE: _("Everyone"),
    Audience.SIGNED_IN: _("Everyone with an account"),
    Audience.GROUPS: _("Whoever can call the models it is about"),
}


def shown_entry(entry: PublishedEntry, *, language: str, at: datetime) -> ShownEntry:
    return ShownEntry(
        public_id=entry.public_id,
        category=entry.category,
        category_name=str(Category(entry.category).label),
        audience_name=str(_READERS[Audience(entry.audience)]),
        title=entry.title_in(language),
        scope=entry.scope_in(language),
        summary=entry.summary_in(language),
        notes=entry.notes_in(language),
        link=entry.link,
        published_at=entry.published_at,
        published=_instant(entry.published_at),
        effective=_instant(entry.effective_at),
        is_dated=_is_dated(entry.published_at, entry.effective_at),
        coming=coming_words(entry.effective_at, at=at),
        withdrawn=_instant(entry.withdrawn_at),
    )


def coming_words(effective_at: datetime | None, *, at: datetime) -> str:
    """In how many business days something takes effect; empty when it does today, or did before."""
    if effective_at is None:
        return ""
    days = entries.days_until(business_date(effective_at), today=business_date(at))
    if days == 0:
        return ""
    if days == 1:
        return gettext("Takes effect tomorrow")
    return ngettext("Takes effect in %(days)d day", "Takes effect in %(days)d days", days) % {"days": days}


def _is_dated(published_at: datetime | None, effective_at: datetime | None) -> bool:
    if published_at is None or effective_at is None:
        return effective_at is not None
    return business_date(published_at) != business_date(effective_at)


def _instant(at: datetime | None) -> str:
    if at is None:
        return ""
    return date_format(localtime(at), pgettext("date format", "j M Y, H:i"), use_l10n=False)
