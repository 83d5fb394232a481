"""What an entry has to say before anybody may read it, and when its day comes. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Final
from unicodedata import category

from apps.announcements.types import Texts

LONGEST: Final = {"title": 160, "scope": 160, "summary": 1000, "notes": 20_000}


def languages_of(texts: Texts) -> set[str]:
    """Those in which there is something to read."""
    return {language for language, text in texts.items() if text.strip()}


def missing_text(title: Texts, summary: Texts) -> str | None:
    """The field that lacks a language which the other one has; None when whoever reads the title reads the summary."""
    titled, summed_up = languages_of(title), languages_of(summary)
    if not titled or summed_up - titled:
        return "title"
    return "summary" if titled - summed_up else None


def too_long(texts: Mapping[str, Texts]) -> str | None:
    """The first field with a text above its limit."""
    found = (name for name, by_language in texts.items() for text in by_language.values() if len(text) > LONGEST[name])
    return next(found, None)


def unreadable(texts: Mapping[str, Texts]) -> str | None:
    """The first field with a character that no feed can carry: lines and tabs are all that a text needs."""
    found = (name for name, by_language in texts.items() for text in by_language.values() if not _is_plain(text))
    return next(found, None)


def _is_plain(text: str) -> bool:
    return not any(category(char) in ("Cc", "Cs") and char not in "\n\r\t" for char in text)


def is_own_path(link: str) -> bool:
    """Whether a link stays on this site, whichever way a browser reads it; none at all does too."""
    return not link or (link.startswith("/") and not link.startswith("//") and "\\" not in link and link.isprintable())


def days_until(effective_on: date, *, today: date) -> int:
    """Business days from one calendar date to another; 0 from the day itself on."""
    return max(0, (effective_on - today).days)
