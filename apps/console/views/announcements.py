"""What changed, for whom and since when: the list, one entry, the changelog, and the feed for readers elsewhere."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from apps.announcements import queries
from apps.announcements.types import Category, PublishedEntry, Viewer
from apps.console.public_pages import keep_page, public_page
from apps.console.readers import billing_city, zone_of
from apps.core import clock
from apps.core.pagination import CursorInvalid, Page, parse_cursor
from apps.core.rss import FeedItem, rss_response
from apps.teams import queries as teams

SIZE: Final = 20
FED: Final = 50


@dataclass(frozen=True, slots=True)
class FeedLink:
    name: str
    language: str
    query: str


@public_page
def announcements(request: HttpRequest) -> HttpResponse:
    """All of them, or one category."""
    category = _category(request)
    return _list(request, category, {"categories": Category.choices, "is_billing": category == Category.BILLING})


@public_page
def changelog(request: HttpRequest) -> HttpResponse:
    """The releases of the platform itself."""
    return _list(request, Category.RELEASES, {"is_changelog": True})


@public_page
def announcement(request: HttpRequest, entry_id: str) -> HttpResponse:
    """One entry; 410 for one that was withdrawn, so that whoever comes by an old link learns so much."""
    at = clock.now()
    entry = queries.visible_entry(entry_id, _viewer(request), at=at)
    if entry is None:
        raise Http404
    with timezone.override(zone_of(request)):
        context = {
            "entry": queries.shown_entry(entry, language=_language(), at=at),
            "city": "" if request.user.is_authenticated else billing_city(),
        }
    status = 200 if entry.withdrawn_at is None else 410
    response = render(request, "site/announcements/entry.html", context, status=status)
    return keep_page(request, response, at=at, until=None)


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """RSS of what strangers may read, in the language that the address names: the same for everybody who asks."""
    at, category, language = clock.now(), _category(request), request.GET.get("language", "en")
    if language not in dict(settings.LANGUAGES):
        raise Http404
    page = queries.entries_page(queries.viewer_of(None, at=at), at=at, category=category, size=FED)
    with translation.override(language):
        return rss_response(
            [_item(entry, language) for entry in page.results],
            title=_feed_title(category),
            language=language,
            address=_address(),
            feed_address=f"{settings.PUBLIC_URL}{request.get_full_path()}",
        )


def _item(entry: PublishedEntry, language: str) -> FeedItem:
    if entry.published_at is None:
        raise TypeError("A draft stands in no feed.")
    texts = (entry.scope_in(language), entry.summary_in(language), entry.notes_in(language))
    return FeedItem(
        title=entry.title_in(language),
        text="\n\n".join(text for text in texts if text),
        link=f"{_address()}/{entry.public_id}",
        published_at=entry.published_at,
        category=str(Category(entry.category).label),
    )


def _address() -> str:
    return f"{settings.PUBLIC_URL}{reverse('console:announcements')}"


def _list(request: HttpRequest, category: str, more: dict[str, object]) -> HttpResponse:
    at = clock.now()
    page = _page(request, category, at)
    named = f"category={category}&" if category and "is_changelog" not in more else ""
    with timezone.override(zone_of(request)):
        context = {
            "entries": [queries.shown_entry(entry, language=_language(), at=at) for entry in page.results],
            "category": category,
            "heading": Category(category).label if category else gettext("All"),
            "newer": f"{named}cursor={page.previous.as_text()}" if page.previous else "",
            "older": f"{named}cursor={page.next.as_text()}" if page.next else "",
            "feeds": _feed_links(category),
            "city": "" if request.user.is_authenticated else billing_city(),
            **more,
        }
    response = render(request, "site/announcements/list.html", context)
    return keep_page(request, response, at=at, until=None)


def _viewer(request: HttpRequest) -> Viewer:
    """All teams of the reader together: what one of them sees is news to its people whichever they look at."""
    user = request.user
    team_ids = [team.id for team in teams.teams_of(user.pk)] if user.is_authenticated else None
    return queries.viewer_of(team_ids, at=clock.now())


def _category(request: HttpRequest) -> str:
    category = request.GET.get("category", "")
    if category and category not in Category.values:
        raise Http404
    return category


def _page(request: HttpRequest, category: str, at: datetime) -> Page[PublishedEntry]:
    """404 for a cursor of another list, or of nobody."""
    text = request.GET.get("cursor")
    try:
        cursor = parse_cursor(text) if text else None
        return queries.entries_page(_viewer(request), at=at, category=category, cursor=cursor, size=SIZE)
    except CursorInvalid:
        raise Http404 from None


def _language() -> str:
    return get_language() or "en"


def _feed_title(category: str) -> str:
    if not category:
        return gettext("Announcements of Sluice")
    return gettext("Announcements of Sluice: %(category)s") % {"category": Category(category).label}


def _feed_links(category: str) -> list[FeedLink]:
    named = f"category={category}&" if category else ""
    return [FeedLink(name, code, f"{named}language={code}") for code, name in (("en", "English"), ("zh-hans", "中文"))]
