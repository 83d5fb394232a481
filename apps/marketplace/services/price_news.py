"""What is said when a price changes: an entry of the announcements, and a row that subscribers are told from."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.announcements import services as announcements
from apps.announcements.errors import EntryNotPublished
from apps.announcements.types import Audience, Category, Entry
from apps.core.languages import in_each_language, text_in
from apps.marketplace.models import Model, PriceChange, PriceVersion
from apps.marketplace.price_changes import Change
from apps.marketplace.types import Direction
from apps.marketplace.words import instant_in_words, line_in_words

_LONGEST_NAME: Final = 100
_MOST_LINES: Final = 60
_TITLES: Final[Mapping[str, Promise]] = {
    Direction.UP: _("Price increase: %(model)s"),
    Direction.DOWN: _("Price decrease: %(model)s"),
    Direction.MIXED: _("Price change: %(model)s"),
}


def record_change(
    model: Model, version: PriceVersion, change: Change, *, at: datetime, withdrawn: bool = False
) -> None:
    """Writes the row and the entry of a change, unless no call pays more or less by it.

    Of a withdrawal too: `change` is then what will not come. Who sees the model sees the entry, nobody else does.
    """
    if change.direction is None:
        return
    PriceChange.objects.create(
        version=version,
        withdrawn=withdrawn,
        direction=change.direction,
        lines=[line.as_json() for line in change.lines],
        largest_percent=change.largest_percent,
        announcement_id=announcements.publish_entry(_entry(model, version, change, withdrawn=withdrawn), at=at),
        published_at=at,
        effective_at=version.starts_at,
    )


def withdraw_news(changes: QuerySet[PriceChange], *, actor: int | None, reason: str, at: datetime) -> None:
    """Takes the entry that announced the last of these changes out of the feeds, unless an operator was first."""
    row = changes.filter(withdrawn=False).order_by("-pk").first()
    if row is None or row.announcement_id is None:
        return
    try:
        announcements.withdraw_entry(row.announcement_id, actor=actor, reason=reason, at=at)
    except EntryNotPublished:
        return


def _entry(model: Model, version: PriceVersion, change: Change, *, withdrawn: bool) -> Entry:
    return Entry(
        key=f"price:{version.pk}:withdrawn" if withdrawn else f"price:{version.pk}",
        category=Category.PRICES,
        audience=Audience.GROUPS,
        group_codes=tuple(sorted(model.access_groups.values_list("code", flat=True))),
        title=in_each_language(lambda: _title(model, change, withdrawn=withdrawn)),
        scope=in_each_language(lambda: model.code),
        summary=in_each_language(lambda: _summary(version, withdrawn=withdrawn)),
        notes=in_each_language(lambda: _notes(change)),
        link=f"/models/{quote(model.code)}",
        effective_at=None if withdrawn else version.starts_at,
    )


def _title(model: Model, change: Change, *, withdrawn: bool) -> str:
    title = _("Withdrawn price change: %(model)s") if withdrawn else _TITLES[change.direction or Direction.MIXED]
    return str(title) % {"model": _name(model)}


def _name(model: Model) -> str:
    """In the language that is active, cut where it would leave no room for the rest of a title."""
    titles = model.display_config.get("title") or {}
    name = text_in(titles, get_language() or "") or model.code
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _summary(version: PriceVersion, *, withdrawn: bool) -> str:
    values = {"instant": instant_in_words(version.starts_at)}
    if withdrawn:
        return gettext("The price that was announced for %(instant)s will not come. The one in force stays.") % values
    return gettext("From %(instant)s on. A call pays the price that is in force when it is accepted.") % values


def _notes(change: Change) -> str:
    """One line for each price that changes; of hundreds the first, with the number of the others."""
    lines = [line_in_words(line) for line in change.lines[:_MOST_LINES]]
    others = len(change.lines) - len(lines)
    if others:
        more = ngettext("%(count)d more price changes.", "%(count)d more prices change.", others)
        lines.append(more % {"count": others})
    return "\n".join(lines)
