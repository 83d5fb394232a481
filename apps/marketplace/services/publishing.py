"""Publishes prices and what a currency is worth. Nothing published is ever edited."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.journal import services as journal
from apps.journal.types import Act
from apps.marketplace import queries
from apps.marketplace.errors import PriceConflict
from apps.marketplace.models import CreditRate, Model, PriceVersion
from apps.marketplace.pricing_config import CREDIT, check_range, in_credits, parse_config, without_version_facts
from apps.marketplace.types import PublishedPrice


def publish_price(
    model_id: int,
    pricing_config: Mapping[str, Any],
    *,
    at: datetime,
    starts_at: datetime | None = None,
    actor: int | None = None,
    reason: str = "",
) -> PublishedPrice:
    """A new version of the model's price; the one before ends where it begins. Nothing published is ever edited.

    A model's first price is in force at once, later ones from `starts_at`. Amounts in USD or CNY become credits at the
    rate in force `at`; the version keeps both. Safe to repeat: the last version's own content changes nothing. Raises
    `PricingConfigError`, and `PriceConflict` for a start in the past or not after the last version's.
    """
    entered = without_version_facts(pricing_config)
    with transaction.atomic():
        model = Model.objects.select_for_update(no_key=True).get(pk=model_id)
        last = PriceVersion.objects.filter(model_id=model_id).order_by("-number").first()
        if last is not None and last.entered_config == entered:
            return PublishedPrice(last.pk, last.number, last.starts_at, changed=False)
        begins = at if last is None or starts_at is None else starts_at
        _check_start(begins, at=at, last=last)
        rate_id, config = _converted(entered, at=at)
        if last is not None:
            PriceVersion.objects.filter(pk=last.pk).update(ends_at=begins)
        version = PriceVersion.objects.create(
            model_id=model_id,
            number=1 if last is None else last.number + 1,
            pricing_config=config,
            entered_config=entered,
            credit_rate_id=rate_id,
            starts_at=begins,
            published_at=at,
        )
        details = {"version": version.number, "starts_at": begins.isoformat()}
        act = Act("price.published", "model", model.code, actor_id=actor, reason=reason, details=details)
        journal.record_act(act, at=at)
    return PublishedPrice(version.pk, version.number, begins, changed=True)


def set_credit_rate(
    currency: str, credits_per_unit: Decimal, *, at: datetime, starts_at: datetime, actor: int | None = None
) -> int:
    """What a unit of the currency is worth from `starts_at` on. Prices already published keep what they were given.

    Returns the row's id. Raises `PriceConflict` for a start in the past or for an instant that has a rate.
    """
    if starts_at < at:
        raise PriceConflict(_("A rate cannot begin in the past: published prices were converted with the one before."))
    with transaction.atomic():
        rate, created = CreditRate.objects.get_or_create(
            currency=currency, starts_at=starts_at, defaults={"credits_per_unit": credits_per_unit}
        )
        if not created:
            raise PriceConflict(_("There is a rate that begins at this instant: choose another one."))
        details = {"credits_per_unit": f"{credits_per_unit:f}", "starts_at": starts_at.isoformat()}
        journal.record_act(Act("credit_rate.set", "currency", currency, actor_id=actor, details=details), at=at)
    return rate.pk


def _check_start(begins: datetime, *, at: datetime, last: PriceVersion | None) -> None:
    if begins < at:
        raise PriceConflict(_("A price cannot begin in the past: calls were charged by the one before."))
    if last is not None and begins <= last.starts_at:
        raise PriceConflict(
            _("Version %(number)d begins at %(instant)s: a new one has to begin after it.")
            % {"number": last.number, "instant": last.starts_at.isoformat(timespec="seconds")}
        )


def _converted(entered: Mapping[str, Any], *, at: datetime) -> tuple[int | None, Mapping[str, Any]]:
    """The rate's row, if one was needed, and the config in credits."""
    currency = entered.get("currency", CREDIT)
    if currency not in ("USD", "CNY"):
        parse_config(entered)
        check_range(entered)
        return None, entered
    rate = queries.credit_rate(currency, at=at)
    config = in_credits(entered, rate.credits_per_unit)
    parse_config(config)
    check_range(config)
    return rate.rate_id or _first_rate(currency, rate.credits_per_unit, at=at), config


def _first_rate(currency: str, credits_per_unit: Decimal, *, at: datetime) -> int:
    row, _created = CreditRate.objects.get_or_create(
        currency=currency, starts_at=at, defaults={"credits_per_unit": credits_per_unit}
    )
    return row.pk
