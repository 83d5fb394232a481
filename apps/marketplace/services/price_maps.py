"""Takes official prices over from a public price map, and lets pegged prices of ours follow where that is asked."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.journal import queries as journal_queries
from apps.journal import services as journal
from apps.journal.errors import FileMissing
from apps.journal.types import Act
from apps.marketplace import price_maps, queries
from apps.marketplace.comparison import RatePoint, compare
from apps.marketplace.errors import PriceConflict, PriceMapChanged, PriceMapError, PricingConfigError
from apps.marketplace.following import following_config, with_silent_meters
from apps.marketplace.models import Lifecycle, Model, PriceVersion
from apps.marketplace.price_maps.entries import MapEntry
from apps.marketplace.pricing_config import CREDIT, check_range, in_credits, parse_config
from apps.marketplace.services.official import record_official_price
from apps.marketplace.services.publishing import publish_price
from apps.marketplace.types import OfficialPriceCard, PricePolicy, PublishedPrice
from apps.marketplace.types.price_maps import PriceMapLine, PriceMapReport, PriceMapTerms

KEPT_FOR: Final = timedelta(hours=2)
_JSON: Final = "application/json"


def is_price_map(data: object) -> bool:
    """Whether a file is a public price map, and no catalogue of ours."""
    return price_maps.format_of(data) is not None


def import_price_map(
    data: Mapping[str, Any],
    *,
    terms: PriceMapTerms,
    at: datetime,
    actor: int | None = None,
    dry_run: bool = False,
) -> PriceMapReport:
    """Records what the map says of our models as their official prices; models it does not know stay as they are.

    With `terms.publish`, pegged prices of ours follow as new versions, higher ones with the notice that is owed; one
    that cannot is left, and the report says why. Safe to repeat: the same map changes nothing the second time. With
    `dry_run`, the report is true and nothing stays. Raises `PriceMapError`, and `PriceMapChanged` where `terms.seen`
    is of another outcome; then nothing has changed.
    """
    with transaction.atomic():
        models = {model.code: model for model in _wanted().select_for_update(of=("self",), no_key=True)}
        wanted = [price_maps.WantedModel(model.code, model.vendor.code) for model in models.values()]
        reading = price_maps.read_map(data, wanted)
        before = queries.official_prices([model.pk for model in models.values()], at=at)
        act = _Importing(terms, at, actor=actor)
        lines = tuple(
            act.take(models[entry.model], entry, before.get(models[entry.model].pk)) for entry in reading.entries
        )
        report = PriceMapReport(reading.format, lines, tuple(sorted(set(models) - {line.model for line in lines})))
        if terms.seen and terms.seen != report.fingerprint:
            raise PriceMapChanged
        if report.changed or report.followed:
            _record(report, terms, actor=actor, at=at)
        if dry_run:
            transaction.set_rollback(True)
    return report


def keep_price_map(name: str, content: bytes, *, actor: int, at: datetime) -> UUID:
    """Keeps an uploaded map for its uploader until it is applied, for two hours at most; the one before is dropped.

    Raises `PriceMapError` for a file that is none.
    """
    price_maps.parse_map(content)
    with transaction.atomic():
        journal.delete_files_of(_owner(actor))
        return journal.store_file(
            _owner(actor), name=name, content=content, content_type=_JSON, at=at, expires_at=at + KEPT_FOR
        )


def kept_price_map(uid: UUID, *, actor: int, at: datetime) -> Mapping[str, Any]:
    """The map that this person uploaded. Raises `FileMissing` for anybody else's, and for one that is gone."""
    file = journal_queries.file_by_uid(uid)
    if file.owner != _owner(actor) or (file.expires_at is not None and file.expires_at <= at):
        raise FileMissing
    return price_maps.parse_map(b"".join(journal_queries.pieces_of(uid)))


def drop_price_map(uid: UUID) -> None:
    journal.delete_file(uid)


class _Importing:
    """One import under way: what holds for every model of it."""

    def __init__(self, terms: PriceMapTerms, at: datetime, *, actor: int | None) -> None:
        self._terms, self._at, self._actor = terms, at, actor

    def take(self, model: Model, entry: MapEntry, before: OfficialPriceCard | None) -> PriceMapLine:
        try:
            return self._taken(model, entry, before)
        except PricingConfigError as error:
            raise PriceMapError(f"{entry.key} · {error.path}", error.problem) from None

    def _taken(self, model: Model, entry: MapEntry, before: OfficialPriceCard | None) -> PriceMapLine:
        line = PriceMapLine(model.code, entry.key, None, False, (), entry.left_out, entry.unknown)
        if entry.config is None:
            return line
        if before is not None and before.currency != entry.config["currency"]:
            return replace(line, number=before.number, is_other_list=True)
        config, kept = (entry.config, ()) if before is None else with_silent_meters(entry.config, before.config)
        is_changed = before is None or not _says_the_same(config, before)
        card = self._recorded(model, entry, config) if before is None or is_changed else before
        ours, refusal = self._follow(model, card) if self._terms.publish else (None, "")
        points = _points(card, before) if is_changed else ()
        return replace(
            line, number=card.number, is_changed=is_changed, points=points, kept=kept, ours=ours, refusal=refusal
        )

    def _recorded(self, model: Model, entry: MapEntry, config: Mapping[str, Any]) -> OfficialPriceCard:
        terms, at = self._terms, self._at
        record_official_price(model.pk, config, source=terms.source, as_of=terms.as_of, at=at, actor=self._actor)
        card = queries.official_prices([model.pk], at=at)[model.pk]
        check_range(card.credits_config)
        return card

    def _follow(self, model: Model, official: OfficialPriceCard) -> tuple[PublishedPrice | None, str]:
        """What our price did, and else why it stays; nothing to say of a price that is not pegged."""
        last = PriceVersion.objects.filter(model_id=model.pk, withdrawn_at=None).order_by("-number").first()
        if last is None or last.policy != PricePolicy.PEGGED:
            return None, ""
        if last.announcement_id is not None:
            return None, _("An announcement says why this price leaves the official one: publish it by hand.")
        config = _following(official, last)
        try:
            published = publish_price(
                model.pk, config, at=self._at, actor=self._actor, reason=_("follows the official price")
            )
        except PriceConflict as error:
            return None, str(error.text)
        return published, ""


def _wanted() -> Any:
    return Model.objects.exclude(lifecycle=Lifecycle.RETIRED).select_related("vendor").order_by("pk")


def _following(official: OfficialPriceCard, last: PriceVersion) -> Mapping[str, Any]:
    """In the vendor's currency where ours was entered in it, so that nothing but the price differs; else in credits."""
    if last.entered_config.get("currency", CREDIT) == official.config.get("currency", CREDIT):
        return following_config(official.config, last.entered_config)
    return following_config(official.credits_config, last.pricing_config)


def _says_the_same(config: Mapping[str, Any], before: OfficialPriceCard) -> bool:
    """Whether both ask the same of every call, in whatever order they list it."""
    comparison = compare(parse_config(in_credits(config, before.credits_per_unit)), before.price_list)
    return comparison.is_same_tiering and all(point.ours == point.reference for point in comparison.points)


def _points(card: OfficialPriceCard, before: OfficialPriceCard | None) -> tuple[RatePoint, ...]:
    """The new price beside the one before; for a first one beside nothing."""
    if before is None:
        return tuple(point._replace(reference=None) for point in compare(card.price_list, card.price_list).points)
    return compare(card.price_list, before.price_list).points


def _record(report: PriceMapReport, terms: PriceMapTerms, *, actor: int | None, at: datetime) -> None:
    details = {
        "format": report.format,
        "source": terms.source,
        "as_of": terms.as_of.isoformat(),
        "recorded": [line.model for line in report.changed],
        "published": [line.model for line in report.followed],
    }
    journal.record_act(Act("price_map.imported", "catalogue", report.format, actor_id=actor, details=details), at=at)


def _owner(actor: int) -> str:
    return f"price-map:{actor}"
