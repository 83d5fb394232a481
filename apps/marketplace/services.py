"""Acts on the catalogue: publish a price, set what a currency is worth, take over a catalogue file."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Model as Row
from django.utils.translation import gettext as _

from apps.core.billing_calendar import business_date
from apps.journal import services as journal
from apps.journal.types import Act
from apps.marketplace import queries
from apps.marketplace.catalogue_file import ModelEntry, Section, read_section
from apps.marketplace.errors import CatalogueError, PriceConflict, PricingConfigError
from apps.marketplace.models import CreditRate, Lifecycle, Model, ModelType, PriceVersion, Vendor
from apps.marketplace.pricing_config import CREDIT, check_range, in_credits, parse_config, without_version_facts
from apps.marketplace.types import ImportReport, PublishedPrice
from apps.teams import queries as teams


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


def import_section(
    data: Mapping[str, Any], *, at: datetime, dry_run: bool = False, prune: bool = False
) -> ImportReport:
    """Makes vendors, types, models and prices equal to the file; a second run changes nothing.

    A price that differs is published as a new version, in force `at`. With `prune`, models that the file's list leaves
    out are retired, because calls refer to them for ever, and vendors and types that nothing uses are removed. With
    `dry_run`, the report is true and nothing stays. Raises `CatalogueError` with the entry; then nothing has changed.
    """
    section = read_section(data)
    changes = _Changes()
    with transaction.atomic():
        _import_vendors(section, changes)
        _import_types(section, changes)
        _import_models(section, changes)
        _import_prices(section, changes, at=at)
        if prune:
            _prune(section, changes, at=at)
        if dry_run:
            transaction.set_rollback(True)
    return changes.report()


@dataclass
class _Changes:
    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def report(self) -> ImportReport:
        return ImportReport(tuple(self.created), tuple(self.changed), tuple(self.removed))


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


def _import_vendors(section: Section, changes: _Changes) -> None:
    known = {vendor.code: vendor for vendor in Vendor.objects.select_for_update()}
    for entry in section.vendors.values():
        row = known.get(entry.code) or Vendor(code=entry.code)
        _write(row, {"name": dict(entry.name)}, f"vendors/{entry.code}", changes)


def _import_types(section: Section, changes: _Changes) -> None:
    known = {type_.code: type_ for type_ in ModelType.objects.select_for_update()}
    for entry in section.types.values():
        row = known.get(entry.code) or ModelType(code=entry.code)
        _write(row, {"name": dict(entry.name), "position": entry.position}, f"model_types/{entry.code}", changes)


def _import_models(section: Section, changes: _Changes) -> None:
    vendors = dict(Vendor.objects.values_list("code", "pk"))
    types = dict(ModelType.objects.values_list("code", "pk"))
    groups = teams.access_group_ids({code for entry in section.models.values() for code in entry.access_groups})
    known = {model.code: model for model in Model.objects.select_for_update(no_key=True)}
    for entry in section.models.values():
        fields = {
            "vendor_id": _found(vendors, entry.vendor, entry, _("There is no vendor “%(code)s”.")),
            "type_id": _found(types, entry.type, entry, _("There is no model type “%(code)s”.")),
            "lifecycle": entry.lifecycle,
            "retired_on": entry.retired_on,
            "display_config": dict(entry.display_config),
        }
        wanted = {
            _found(groups, code, entry, _("There is no access group “%(code)s”.")) for code in entry.access_groups
        }
        row = known.get(entry.code) or Model(code=entry.code)
        is_changed = _write(row, fields, f"models/{entry.code}", changes)
        _set_groups(row, wanted, changes, is_counted=is_changed)
    _link_successors(section, changes)


def _set_groups(row: Model, wanted: set[int], changes: _Changes, *, is_counted: bool) -> None:
    if set(row.access_groups.values_list("pk", flat=True)) == wanted:
        return
    row.access_groups.set(wanted)
    if not is_counted:
        changes.changed.append(f"models/{row.code}")


def _link_successors(section: Section, changes: _Changes) -> None:
    """After all models exist: a successor may be listed below the model it follows."""
    rows = {model.code: model for model in Model.objects.all()}
    known = {code: row.pk for code, row in rows.items()}
    for entry in section.models.values():
        row = rows[entry.code]
        if entry.successor == entry.code:
            raise CatalogueError(f"models/{entry.code}.successor", _("A model cannot succeed itself."))
        successor_id = entry.successor and _found(
            known, entry.successor, entry, _("There is no model “%(code)s” to succeed it.")
        )
        if row.successor_id != successor_id:
            row.successor_id = successor_id
            row.save(update_fields=["successor"])
            if f"models/{entry.code}" not in changes.created + changes.changed:
                changes.changed.append(f"models/{entry.code}")


def _import_prices(section: Section, changes: _Changes, *, at: datetime) -> None:
    ids = queries.model_ids(section.models)
    for entry in section.models.values():
        if entry.pricing_config is None:
            continue
        try:
            published = publish_price(ids[entry.code], entry.pricing_config, at=at)
        except PricingConfigError as error:
            raise CatalogueError(f"models/{entry.code}.pricing_config.{error.path}", error.problem) from None
        if published.changed:
            changed = changes.created if published.number == 1 else changes.changed
            changed.append(f"prices/{entry.code}")


def _prune(section: Section, changes: _Changes, *, at: datetime) -> None:
    if "models" in section.listed:
        _retire_unlisted(section, changes, at=at)
    if "vendors" in section.listed:
        _remove_unused(Vendor, section.vendors, changes, kind="vendors")
    if "model_types" in section.listed:
        _remove_unused(ModelType, section.types, changes, kind="model_types")


def _retire_unlisted(section: Section, changes: _Changes, *, at: datetime) -> None:
    surplus = Model.objects.exclude(code__in=section.models).exclude(lifecycle=Lifecycle.RETIRED)
    codes = list(surplus.values_list("code", flat=True))
    surplus.update(lifecycle=Lifecycle.RETIRED, retired_on=business_date(at))
    changes.removed.extend(f"models/{code}" for code in codes)


def _remove_unused(
    model: type[Vendor] | type[ModelType], listed: Collection[str], changes: _Changes, *, kind: str
) -> None:
    for row in model.objects.filter(models=None).exclude(code__in=listed):
        row.delete()
        changes.removed.append(f"{kind}/{row.code}")


def _write(row: Row, fields: Mapping[str, object], place: str, changes: _Changes) -> bool:
    """Saves the row if it is new or differs; True if so."""
    is_new = row.pk is None
    if not is_new and all(getattr(row, name) == value for name, value in fields.items()):
        return False
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()
    (changes.created if is_new else changes.changed).append(place)
    return True


def _found(known: Mapping[str, int], code: str, entry: ModelEntry, problem: str) -> int:
    if code not in known:
        raise CatalogueError(f"models/{entry.code}", problem % {"code": code})
    return known[code]
