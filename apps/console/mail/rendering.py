"""Renders a notice for whoever gets it: language, zone and unit of the reader; text and HTML. Sends nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template import Context, Engine
from django.utils import timezone
from django.utils.translation import override

from apps.accounts.types import Language
from apps.console.amounts import Reader
from apps.console.readers import default_unit, reader_at


@dataclass(frozen=True, slots=True)
class RenderedMail:
    subject: str
    text: str
    html: str
    language: str


def render_mail(kind: str, payload: Mapping[str, Any], *, unsubscribe: str, at: datetime) -> RenderedMail:
    """The templates `mail/<kind>.subject.txt`, `.txt` and `.html`, or those of the group before the last dot.

    `unsubscribe` is the address of the footer's link, empty where the mail must be sent. Raises what Django raises for
    a template that is missing or wrong, and `ValueError`, `LookupError` or `TypeError` for a payload that does not fit.
    """
    who = payload.get("reader", {})
    language = Language(who.get("language", settings.LANGUAGE_CODE))
    content = {**payload, "reader": _reader(who, language, at=at), "unsubscribe": unsubscribe}
    with override(language), timezone.override(ZoneInfo(who.get("time_zone", settings.BILLING_TZ))):
        subject = _rendered(kind, "subject.txt", content)
        return RenderedMail(
            subject=" ".join(subject.split()),
            text=tidy(_rendered(kind, "txt", content)),
            html=_rendered(kind, "html", content),
            language="zh-Hans" if language == Language.CHINESE else "en",
        )


def _reader(who: Mapping[str, Any], language: str, *, at: datetime) -> Reader:
    return reader_at(who.get("unit") or default_unit(language), at=at)


def _rendered(kind: str, part: str, content: dict[str, Any]) -> str:
    """Only HTML is escaped: a subject shows an apostrophe as one."""
    group = kind.rpartition(".")[0]
    names = [f"mail/{name}.{part}" for name in (kind, group) if name]
    template: Any = Engine.get_default().select_template(names)
    return str(template.render(Context(content, autoescape=part == "html", use_l10n=False)))


def tidy(text: str) -> str:
    """Without the blank lines that empty blocks leave behind."""
    lines = [line.rstrip() for line in text.strip().splitlines()]
    kept = [line for n, line in enumerate(lines) if line or lines[n - 1]]
    return "\n".join(kept) + "\n"
