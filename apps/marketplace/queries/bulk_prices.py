"""What a change by percent would do to many models' prices. Writes nothing."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.marketplace.bulk_prices import by_percent
from apps.marketplace.comparison import compare
from apps.marketplace.models import Lifecycle, Model, PriceVersion
from apps.marketplace.price_changes import Change, change_between
from apps.marketplace.price_list import PriceList
from apps.marketplace.pricing_config import CREDIT, in_credits, parse_config
from apps.marketplace.queries.official import official_prices
from apps.marketplace.queries.previews import earliest_start
from apps.marketplace.queries.prices import credit_rate
from apps.marketplace.types import CreditRateInForce, OfficialPriceCard, PricePolicy


@dataclass(frozen=True, slots=True)
class BulkScope:
    """All models, or those of a vendor, of a type, or named by id; what is given narrows together."""

    vendor: str = ""
    type: str = ""
    models: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class BulkRow:
    """One model. `left_out` says why nothing changes there; then the rest is empty."""

    model_id: int
    code: str
    left_out: str | Promise = ""
    version_id: int | None = None
    entered: Mapping[str, Any] | None = None
    change: Change | None = None
    earliest_start: datetime | None = None
    is_above_official: bool = False


@dataclass(frozen=True, slots=True)
class BulkPreview:
    rows: tuple[BulkRow, ...]
    unknown: tuple[str, ...]

    @property
    def changed(self) -> tuple[BulkRow, ...]:
        return tuple(row for row in self.rows if not row.left_out)

    @property
    def left_out(self) -> tuple[BulkRow, ...]:
        return tuple(row for row in self.rows if row.left_out)

    @property
    def digest(self) -> str:
        """Names exactly these changes of exactly these versions."""
        facts = [(row.model_id, row.version_id, row.entered) for row in self.changed]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Asked:
    percent: Decimal
    at: datetime
    officials: Mapping[int, OfficialPriceCard]
    rates: Mapping[str, CreditRateInForce]

    def price_of(self, entered: Mapping[str, Any]) -> PriceList:
        rate = self.rates.get(entered.get("currency", CREDIT))
        return parse_config(entered if rate is None else in_credits(entered, rate.credits_per_unit))


def bulk_preview(scope: BulkScope, percent: Decimal, *, at: datetime) -> BulkPreview:
    """Each model of the scope, by id, with what would change. As many queries for one model as for a thousand."""
    models = list(models_in_scope(scope))
    last = _last_versions([model.pk for model in models])
    asked = _Asked(percent, at, official_prices(list(last), at=at), {c: credit_rate(c, at=at) for c in ("USD", "CNY")})
    rows = [_row(model, last.get(model.pk), asked) for model in models]
    unknown = sorted(set(scope.models) - {model.code for model in models})
    return BulkPreview(tuple(rows), tuple(unknown))


def models_in_scope(scope: BulkScope) -> QuerySet[Model]:
    models = Model.objects.order_by("pk")
    if scope.vendor:
        models = models.filter(vendor__code=scope.vendor)
    if scope.type:
        models = models.filter(type__code=scope.type)
    return models.filter(code__in=scope.models) if scope.models else models


def _last_versions(model_ids: Collection[int]) -> dict[int, PriceVersion]:
    versions = PriceVersion.objects.filter(model_id__in=model_ids, withdrawn_at=None)
    return {version.model_id: version for version in versions.order_by("model_id", "-number").distinct("model_id")}


def _row(model: Model, last: PriceVersion | None, asked: _Asked) -> BulkRow:
    if last is None or (reason := _reason_to_leave(model, last, at=asked.at)):
        return BulkRow(model.pk, model.code, _("It has no price.") if last is None else reason)
    entered = by_percent(last.entered_config, asked.percent)
    price = asked.price_of(entered)
    change = change_between(parse_config(last.pricing_config), price)
    if change.direction is None:
        return BulkRow(model.pk, model.code, _("It is free, or too cheap for this percentage to count."))
    official = asked.officials.get(model.pk)
    return BulkRow(
        model_id=model.pk,
        code=model.code,
        version_id=last.pk,
        entered=entered,
        change=change,
        earliest_start=earliest_start(change, at=asked.at),
        is_above_official=official is not None and compare(price, official.price_list).is_above,
    )


def _reason_to_leave(model: Model, last: PriceVersion, *, at: datetime) -> str | Promise:
    if model.lifecycle == Lifecycle.RETIRED:
        return _("It is retired.")
    if last.policy == PricePolicy.PEGGED:
        return _("Its price is pegged to the official one.")
    if last.starts_at > at:
        return _("Another price is announced already: withdraw that one first.")
    return ""
