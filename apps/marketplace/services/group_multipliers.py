"""Changes what an access group multiplies prices by: a change of price for all who call through it, with its notice."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.announcements import services as announcements
from apps.announcements.types import Audience, Category, Entry
from apps.core.ids import uuid7
from apps.core.languages import in_each_language
from apps.journal import services as journal
from apps.journal.types import Act
from apps.marketplace.errors import PriceConflict
from apps.marketplace.models import PriceChange
from apps.marketplace.price_changes import MOST_PERCENT, PriceLine
from apps.marketplace.services.price_news import withdraw_news
from apps.marketplace.services.publishing import WITHDRAWN_BEFORE
from apps.marketplace.types import ChangedMultiplier, Direction
from apps.marketplace.words import instant_in_words, line_in_words, typeable_instant
from apps.teams import services as teams
from apps.teams.types import Multiplier

MULTIPLIER: Final = "multiplier"
"""Stands where a change of a model's price names the meter."""
_PLACES: Final = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class _Change:
    """Of one group's multiplier; `uid` becomes that of the row, and keys the entry."""

    uid: UUID
    group_id: int
    code: str
    old: Decimal
    new: Decimal
    begins: datetime
    withdrawn: bool = False

    @property
    def direction(self) -> Direction:
        return Direction.UP if self.new > self.old else Direction.DOWN

    @property
    def line(self) -> PriceLine:
        percent = (self.new - self.old) / self.old * 100 if self.old else None
        old, new = multiplier_text(self.old), multiplier_text(self.new)
        if percent is not None:
            percent = min(percent, MOST_PERCENT).quantize(_PLACES, ROUND_HALF_UP)
        return PriceLine(MULTIPLIER, {}, 0, None, 1, old, new, percent)


def change_multiplier(
    code: str,
    multiplier: Decimal,
    *,
    at: datetime,
    starts_at: datetime | None = None,
    actor: int | None,
    reason: str,
) -> ChangedMultiplier:
    """The group's calls cost so many times the list price, once it begins: a lower one at once, unless `starts_at` is
    later; a higher one `PRICE_NOTICE_HOURS` after `at` at the earliest, which is also when it begins without one.

    Subscribers' row, announcement (for those who see the group) and audit entry are written in the same transaction.
    Safe to repeat: what is in force or announced already changes nothing. Raises `AccessGroupMissing`,
    `AccessGroupInvalid`, and `PriceConflict` for a start that is too early and while another change is announced.
    """
    with transaction.atomic():
        group_id, now = teams.lock_multiplier(code)
        announced = now.change_after(at)
        if announced is not None and now.coming == multiplier and starts_at in (None, announced):
            return ChangedMultiplier(announced, changed=False)
        if announced is None and now.at(at) == multiplier:
            return ChangedMultiplier(at, changed=False)
        _refuse_second(code, now, announced)
        begins = _start(now.at(at), multiplier, starts_at, at=at)
        change = _Change(uuid7(), group_id, code, now.at(at), multiplier, begins)
        teams.set_multiplier(
            code, Multiplier(multiplier) if begins == at else Multiplier(change.old, multiplier, begins)
        )
        _publish(change, at=at)
        _record("access_group.multiplier_changed", change, actor=actor, reason=reason, at=at)
    return ChangedMultiplier(begins, changed=True)


def withdraw_multiplier(code: str, *, at: datetime, actor: int | None, reason: str) -> None:
    """Takes an announced multiplier back: the one in force stays, and whoever was told is told again.

    Raises `AccessGroupMissing`, and `PriceConflict` where none is announced or it is about to begin.
    """
    with transaction.atomic():
        group_id, now = teams.lock_multiplier(code)
        begins = now.change_after(at)
        if begins is None or now.coming is None:
            raise PriceConflict(_("No other multiplier is announced for this access group."))
        if begins - at < WITHDRAWN_BEFORE:
            raise PriceConflict(_("The announced multiplier is about to begin: change it again afterwards."))
        change = _Change(uuid7(), group_id, code, now.first, now.coming, begins, withdrawn=True)
        teams.set_multiplier(code, Multiplier(now.first))
        announced = PriceChange.objects.filter(access_group_id=group_id, effective_at=begins)
        withdraw_news(announced, actor=actor, reason=reason, at=at)
        _publish(change, at=at)
        _record("access_group.multiplier_withdrawn", change, actor=actor, reason=reason, at=at)


def multiplier_text(multiplier: Decimal) -> str:
    """`0.8` and `1`, never `0.8000` or `1E+1`."""
    return f"{multiplier.normalize():f}"


def _refuse_second(code: str, now: Multiplier, announced: datetime | None) -> None:
    """Whoever was told of a change is to be told that it will not come before they are told of another one."""
    if announced is not None and now.coming is not None:
        raise PriceConflict(
            _("For the access group %(group)s, %(multiplier)s is announced from %(instant)s on: withdraw that first.")
            % {"group": code, "multiplier": multiplier_text(now.coming), "instant": typeable_instant(announced)}
        )


def _start(old: Decimal, new: Decimal, starts_at: datetime | None, *, at: datetime) -> datetime:
    earliest = at + timedelta(hours=settings.PRICE_NOTICE_HOURS) if new > old else at
    begins = starts_at or earliest
    if begins < at:
        raise PriceConflict(_("A multiplier cannot begin in the past: calls were charged by the one before."))
    if begins < earliest:
        raise PriceConflict(
            _("Calls get dearer, so this multiplier may begin %(instant)s at the earliest.")
            % {"instant": typeable_instant(earliest)},
            earliest=earliest,
        )
    return begins


def _publish(change: _Change, *, at: datetime) -> None:
    percent = change.line.percent
    PriceChange.objects.create(
        uid=change.uid,
        access_group_id=change.group_id,
        withdrawn=change.withdrawn,
        direction=change.direction,
        lines=[change.line.as_json()],
        largest_percent=None if percent is None else abs(percent),
        announcement_id=announcements.publish_entry(_entry(change), at=at),
        published_at=at,
        effective_at=change.begins,
    )


def _entry(change: _Change) -> Entry:
    return Entry(
        key=f"multiplier:{change.uid}",
        category=Category.PRICES,
        audience=Audience.GROUPS,
        group_codes=(change.code,),
        title=in_each_language(lambda: _title(change)),
        scope=in_each_language(lambda: gettext("Access group %(group)s") % {"group": change.code}),
        summary=in_each_language(lambda: _summary(change)),
        notes=in_each_language(lambda: line_in_words(change.line)),
        link="/models",
        effective_at=None if change.withdrawn else change.begins,
    )


def _title(change: _Change) -> str:
    if change.withdrawn:
        title = gettext("Withdrawn price change: access group %(group)s")
    elif change.direction == Direction.UP:
        title = gettext("Price increase: access group %(group)s")
    else:
        title = gettext("Price decrease: access group %(group)s")
    return title % {"group": change.code}


def _summary(change: _Change) -> str:
    values = {
        "old": multiplier_text(change.old),
        "new": multiplier_text(change.new),
        "instant": instant_in_words(change.begins),
    }
    if change.withdrawn:
        text = gettext("Prices will not be multiplied by %(new)s from %(instant)s on: %(old)s stays.")
    else:
        text = gettext(
            "From %(instant)s on, all prices of this access group are multiplied by %(new)s, not by %(old)s."
        )
    return text % values


def _record(act: str, change: _Change, *, actor: int | None, reason: str, at: datetime) -> None:
    details = {
        "from": multiplier_text(change.old),
        "to": multiplier_text(change.new),
        "starts_at": change.begins.isoformat(),
    }
    journal.record_act(Act(act, "access_group", change.code, actor_id=actor, reason=reason, details=details), at=at)
