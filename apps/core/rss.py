"""RSS 2.0 of whatever is news: the same text for everybody who asks for the same address."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.http import HttpResponse
from django.utils.feedgenerator import Rss201rev2Feed

KEPT_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One piece of news; `link` is its own page, with the site, and its id for ever."""

    title: str
    text: str
    link: str
    published_at: datetime
    category: str = ""


def rss_response(
    items: Iterable[FeedItem], *, title: str, language: str, address: str, feed_address: str
) -> HttpResponse:
    """`address` is the page that the feed is of; caches may keep the answer for some minutes."""
    feed = Rss201rev2Feed(title=title, link=address, description=title, language=language, feed_url=feed_address)
    for item in items:
        feed.add_item(
            title=item.title,
            link=item.link,
            description=item.text,
            unique_id=item.link,
            unique_id_is_permalink=True,
            pubdate=item.published_at,
            categories=[item.category] if item.category else [],
        )
    kept = {"Cache-Control": f"public, max-age={KEPT_SECONDS}"}
    return HttpResponse(feed.writeString("utf-8"), content_type="application/rss+xml; charset=utf-8", headers=kept)
