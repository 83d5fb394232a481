"""Who may read which entries, newest first."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.announcements.models import Announcement
from apps.announcements.types import Audience, Category, PublishedEntry, Viewer
from apps.core.ids import parse_public_id
from apps.core.pagination import DEFAULT_SIZE, Cursor, CursorInvalid, Page
from apps.teams import queries as teams
from apps.teams.types import MAIN_GROUP

PREFIX: Final = "ann"
IMPORTANT: Final = (Category.PRICES, Category.BILLING, Category.MAINTENANCE, Category.SECURITY)
RECENT_DAYS: Final = 7

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def viewer_of(team_ids: Collection[int] | None, *, at: datetime) -> Viewer:
    """What somebody in these teams sees, by all of them together; None for a stranger. One query, or none."""
    if team_ids is None:
        return Viewer(frozenset({MAIN_GROUP}))
    return Viewer(teams.codes_in_reach_of(team_ids, at=at) | {MAIN_GROUP}, is_signed_in=True)


def entries_page(
    viewer: Viewer, *, at: datetime, category: str = "", cursor: Cursor | None = None, size: int = DEFAULT_SIZE
) -> Page[PublishedEntry]:
    """One page of the feed, newest first, in one query; of one category if it is named."""
    rows = _visible(viewer, at)
    if category:
        rows = rows.filter(category=category)
    newer = cursor is not None and cursor.newer
    found = list(_from(rows, cursor)[: size + 1])
    more, found = len(found) > size, found[:size]
    if newer:
        found.reverse()
    return Page(
        results=[entry_of(row) for row in found],
        next=Cursor(_key(found[-1])) if found and (more or newer) else None,
        previous=Cursor(_key(found[0]), newer=True) if found and (more if newer else cursor) else None,
    )


def visible_entry(entry_public_id: str, viewer: Viewer, *, at: datetime) -> PublishedEntry | None:
    """The entry, if this viewer may read it; withdrawn ones too, so that their address can say so."""
    uid = parse_public_id(PREFIX, entry_public_id)
    if uid is None:
        return None
    row = _meant_for(Announcement.objects.filter(uid=uid, published_at__lte=at), viewer).first()
    return None if row is None else entry_of(row)


def entry_by_uid(entry_public_id: str) -> PublishedEntry | None:
    """The entry behind a public id, drafts included and whoever asks: for operators and for services of ours."""
    uid = parse_public_id(PREFIX, entry_public_id)
    row = None if uid is None else Announcement.objects.filter(uid=uid).first()
    return None if row is None else entry_of(row)


def is_published(entry_public_id: str, *, at: datetime, to_groups: Collection[str] = ()) -> bool:
    """Whether it can be read at this instant: neither a draft, nor scheduled, nor withdrawn. With `to_groups`, by
    everybody who calls through any of these access groups.
    """
    uid = parse_public_id(PREFIX, entry_public_id)
    row = None if uid is None else _published(at).filter(uid=uid).first()
    if row is None or row.audience != Audience.GROUPS:
        return row is not None
    return set(to_groups) <= set(row.access_groups.values_list("code", flat=True))


def entries_by_id(entry_ids: Collection[int], viewer: Viewer, *, at: datetime) -> dict[int, PublishedEntry]:
    """Of these rows those that the viewer may read, for whoever keeps their ids. One query."""
    return {row.pk: entry_of(row) for row in _visible(viewer, at).filter(pk__in=entry_ids)}


def latest_important(viewer: Viewer, *, at: datetime) -> PublishedEntry | None:
    """The newest entry of the last days that somebody had better read before the next bill. One query."""
    recent = _visible(viewer, at).filter(category__in=IMPORTANT, published_at__gt=at - timedelta(days=RECENT_DAYS))
    row = _from(recent, None).first()
    return None if row is None else entry_of(row)


def _visible(viewer: Viewer, at: datetime) -> QuerySet[Announcement]:
    return _meant_for(_published(at), viewer)


def _published(at: datetime) -> QuerySet[Announcement]:
    return Announcement.objects.filter(Q(withdrawn_at=None) | Q(withdrawn_at__gt=at), published_at__lte=at)


def _meant_for(rows: QuerySet[Announcement], viewer: Viewer) -> QuerySet[Announcement]:
    reached = Announcement.access_groups.through.objects.filter(accessgroup__code__in=viewer.group_codes)
    audiences = [Audience.EVERYONE, *([Audience.SIGNED_IN] if viewer.is_signed_in else [])]
    by_group = Q(audience=Audience.GROUPS, pk__in=reached.values("announcement_id"))
    return rows.filter(Q(audience__in=audiences) | by_group)


def _from(rows: QuerySet[Announcement], cursor: Cursor | None) -> QuerySet[Announcement]:
    """Ordered by publication, then by id: several may be published in one instant."""
    if cursor is None:
        return rows.order_by("-published_at", "-uid")
    published_at, uid = _position(cursor)
    if cursor.newer:
        newer = Q(published_at__gt=published_at) | Q(published_at=published_at, uid__gt=uid)
        return rows.filter(newer).order_by("published_at", "uid")
    older = Q(published_at__lt=published_at) | Q(published_at=published_at, uid__lt=uid)
    return rows.filter(older).order_by("-published_at", "-uid")


def _key(row: Announcement) -> str:
    if row.published_at is None:
        raise TypeError("A draft has no place in the feeds.")
    return f"{(row.published_at - _EPOCH) // _MICROSECOND}.{row.uid}"


def _position(cursor: Cursor) -> tuple[datetime, UUID]:
    micros, _dot, uid = cursor.key.partition(".")
    try:
        return _EPOCH + int(micros) * _MICROSECOND, UUID(uid)
    except (ValueError, OverflowError):
        raise CursorInvalid from None


def entry_of(row: Announcement) -> PublishedEntry:
    return PublishedEntry(
        entry_id=row.pk,
        public_id=row.public_id,
        category=row.category,
        audience=row.audience,
        title=row.title,
        scope=row.scope,
        summary=row.summary,
        notes=row.notes,
        link=row.link,
        published_at=row.published_at,
        effective_at=row.effective_at,
        withdrawn_at=row.withdrawn_at,
    )
