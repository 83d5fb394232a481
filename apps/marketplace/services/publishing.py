"""Publishes prices, and withdraws those that have not begun. Nothing published is ever edited."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from apps.journal import services as journal
from apps.journal.types import Act
from apps.marketplace import queries
from apps.marketplace.errors import PriceConflict, PriceVersionMissing
from apps.marketplace.models import Model, PriceChange, PriceVersion
from apps.marketplace.price_changes import Change, change_between
from apps.marketplace.pricing_config import parse_config, without_version_facts
from apps.marketplace.services.credit_rates import converted
from apps.marketplace.services.pegging import deviation_of
from apps.marketplace.services.price_news import record_change, withdraw_news
from apps.marketplace.services.templates import check_config
from apps.marketplace.types import PublishedPrice
from apps.marketplace.words import typeable_instant

# A process that serves calls learns of a withdrawal within seconds; nobody is to be charged by a price taken back.
WITHDRAWN_BEFORE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A config on its way to become a version: as entered, in credits, and what it changes from the last one."""

    entered: Mapping[str, Any]
    config: Mapping[str, Any]
    rate_id: int | None
    last: PriceVersion | None
    change: Change


def publish_price(
    model_id: int,
    pricing_config: Mapping[str, Any],
    *,
    at: datetime,
    starts_at: datetime | None = None,
    actor: int | None = None,
    reason: str = "",
    announcement: str | None = None,
) -> PublishedPrice:
    """A new version of the model's price; the one before ends where it begins. Nothing published is ever edited.

    A model's first price is in force at once. So is, unless `starts_at` is later, one that makes no call dearer; any
    other begins `PRICE_NOTICE_HOURS` after `at` at the earliest, which is also when it begins without `starts_at`. What
    changes is recorded for subscribers and entered in the announcements, in the same transaction. Amounts in USD or CNY
    become credits at the rate in force `at`; the version keeps both. A pegged price equals the official one, unless
    `announcement` names a published one that says why not.

    Safe to repeat: the last version's own content changes nothing, unless its currency is worth something else by now.
    Raises `PricingConfigError`, and `PriceConflict` for a start that is too early and for a pegged price that may not
    differ.
    """
    entered = without_version_facts(pricing_config)
    with transaction.atomic():
        model = Model.objects.select_for_update(no_key=True).get(pk=model_id)
        last = last_version(model_id)
        draft = _draft(entered, last, at=at)
        if last is not None and (last.entered_config, last.pricing_config) == (entered, draft.config):
            return PublishedPrice(last.pk, last.number, last.starts_at, changed=False)
        begins = _start(draft, starts_at, at=at)
        deviation_id = deviation_of(model_id, draft.config, last=last, announcement=announcement, at=at)
        version = _store(model, draft, begins=begins, deviation_id=deviation_id, at=at)
        record_change(model, version, draft.change, at=at)
        _record("price.published", model, version, actor=actor, reason=reason, at=at)
    return PublishedPrice(version.pk, version.number, begins, changed=True, direction=draft.change.direction)


def withdraw_price(version_id: int, *, reason: str, actor: int | None, at: datetime) -> None:
    """Takes a scheduled version back: the one before stays in force, and whoever was told is told again.

    Safe to repeat: a withdrawn version stays as it is. Raises `PriceVersionMissing`, and `PriceConflict` for a version
    that has begun or is about to, and for one that another scheduled version follows.
    """
    with transaction.atomic():
        version = _locked_version(version_id)
        if version.withdrawn_at is not None:
            return
        last = last_version(version.model_id)
        if version.starts_at - at < WITHDRAWN_BEFORE:
            raise PriceConflict(_("This price has begun or is about to: publish another one instead."))
        if last is None or last.pk != version.pk:
            raise PriceConflict(_("Another price is announced to follow this one: withdraw that one first."))
        PriceVersion.objects.filter(pk=version.pk).update(withdrawn_at=at)
        before = last_version(version.model_id)
        if before is not None:
            PriceVersion.objects.filter(pk=before.pk).update(ends_at=None)
        record_change(version.model, version, _change(before, version.pricing_config), at=at, withdrawn=True)
        withdraw_news(PriceChange.objects.filter(version=version), actor=actor, reason=reason, at=at)
        _record("price.withdrawn", version.model, version, actor=actor, reason=reason, at=at)


def last_version(model_id: int) -> PriceVersion | None:
    """The version that was announced to be in force last, whether it has begun or not."""
    return PriceVersion.objects.filter(model_id=model_id, withdrawn_at=None).order_by("-number").first()


def _locked_version(version_id: int) -> PriceVersion:
    """The version, with its model locked: publishing takes the same lock."""
    known = PriceVersion.objects.filter(pk=version_id).values_list("model_id", flat=True).first()
    if known is None:
        raise PriceVersionMissing
    Model.objects.select_for_update(no_key=True).get(pk=known)
    return PriceVersion.objects.select_related("model").get(pk=version_id)


def _draft(entered: Mapping[str, Any], last: PriceVersion | None, *, at: datetime) -> _Draft:
    rate_id, config = converted(entered, at=at)
    return _Draft(entered, config, rate_id, last, _change(last, config))


def _change(before: PriceVersion | None, config: Mapping[str, Any]) -> Change:
    return change_between(None if before is None else parse_config(before.pricing_config), parse_config(config))


def _start(draft: _Draft, starts_at: datetime | None, *, at: datetime) -> datetime:
    """When the version begins; what the last one was announced for is never overtaken."""
    if draft.last is None:
        return at
    earliest = queries.earliest_start(draft.change, at=at)
    begins = starts_at or earliest
    if begins < at:
        raise PriceConflict(_("A price cannot begin in the past: calls were charged by the one before."))
    if begins <= draft.last.starts_at:
        raise PriceConflict(
            _("Version %(number)d begins at %(instant)s: choose a later start, or withdraw that version first.")
            % {"number": draft.last.number, "instant": typeable_instant(draft.last.starts_at)}
        )
    if begins < earliest:
        raise PriceConflict(
            _("Some calls get dearer, so this price may begin %(instant)s at the earliest.")
            % {"instant": typeable_instant(earliest)},
            earliest=earliest,
        )
    return begins


def _store(model: Model, draft: _Draft, *, begins: datetime, deviation_id: int | None, at: datetime) -> PriceVersion:
    if draft.last is not None:
        PriceVersion.objects.filter(pk=draft.last.pk).update(ends_at=begins)
    numbers = PriceVersion.objects.filter(model=model).order_by("-number").values_list("number", flat=True)
    return PriceVersion.objects.create(
        model=model,
        number=1 + (numbers.first() or 0),
        pricing_config=draft.config,
        entered_config=draft.entered,
        credit_rate_id=draft.rate_id,
        template_id=check_config(draft.entered, model=model, last=draft.last),
        policy=draft.entered.get("policy", "floating"),
        announcement_id=deviation_id,
        starts_at=begins,
        published_at=at,
    )


def _record(act: str, model: Model, version: PriceVersion, *, actor: int | None, reason: str, at: datetime) -> None:
    details = {"version": version.number, "starts_at": version.starts_at.isoformat()}
    journal.record_act(Act(act, "model", model.code, actor_id=actor, reason=reason, details=details), at=at)
