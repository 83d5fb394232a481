"""An announced price as pages and feeds show it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.announcements import queries as announcements
from apps.console.amounts import Reader
from apps.console.words.instants import instant_words, short_instant
from apps.console.words.prices import ShownLine, change_title, lines_words
from apps.core.rss import FeedItem
from apps.marketplace.types import Direction, PriceChangeCard

TONES: Final = {Direction.UP: "caution", Direction.MIXED: "caution", Direction.DOWN: "positive"}


@dataclass(frozen=True, slots=True)
class ShownChange:
    public_id: str
    title: str
    tone: str
    lines: tuple[ShownLine, ...]
    withdrawn: bool
    model: str
    announcement: str
    published: str
    effective: str
    coming: str
    """In how many days it takes effect; empty once it has."""


def shown_change(card: PriceChangeCard, reader: Reader, *, at: datetime) -> ShownChange:
    return ShownChange(
        public_id=card.id,
        title=_title(card),
        tone="" if card.withdrawn else TONES[Direction(card.direction)],
        lines=tuple(lines_words(card.lines, reader)),
        withdrawn=card.withdrawn,
        model=card.model or "",
        announcement=card.announcement or "",
        published=short_instant(card.published_at),
        effective=short_instant(card.effective_at),
        coming="" if card.withdrawn else announcements.coming_words(card.effective_at, at=at),
    )


def feed_item(card: PriceChangeCard, reader: Reader) -> FeedItem:
    """A feed is read by many: amounts are in the unit that its language suggests."""
    lines = [f"{line.label}: {line.text}" for line in lines_words(card.lines, reader)]
    taken_back = _("This change does not happen. The price stays as it is.")
    begins = _("In force from %(instant)s.") % {"instant": instant_words(card.effective_at)}
    return FeedItem(
        title=_title(card),
        text=taken_back if card.withdrawn else "\n".join([begins, *lines]),
        link=f"{settings.PUBLIC_URL}{reverse('console:price_alerts')}#{card.id}",
        published_at=card.published_at,
    )


def _title(card: PriceChangeCard) -> str:
    return change_title(
        direction=card.direction,
        model=card.model or "",
        name=card.title,
        group=card.access_group or "",
        withdrawn=card.withdrawn,
    )
