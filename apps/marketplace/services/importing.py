"""Takes over the marketplace's sections of a catalogue file."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model as Row
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.core.billing_calendar import business_date
from apps.marketplace import queries
from apps.marketplace.catalogue_file import ModelEntry, Section, read_section
from apps.marketplace.errors import (
    CatalogueError,
    PriceConflict,
    PricingConfigError,
    TemplateInUse,
    TemplateInvalid,
)
from apps.marketplace.models import Lifecycle, Model, ModelType, Vendor
from apps.marketplace.official_file import SECTION as OFFICIAL_PRICES
from apps.marketplace.official_file import read_official_prices
from apps.marketplace.pricing_config import without_version_facts
from apps.marketplace.services.official import record_official_price
from apps.marketplace.services.publishing import last_version, publish_price
from apps.marketplace.services.templates import (
    add_template_version,
    deprecate_template,
    reinstate_template,
    remove_template,
)
from apps.marketplace.template_file import SECTION as TEMPLATES
from apps.marketplace.types import ImportReport, PricingTemplateCard
from apps.teams import queries as teams


def import_section(
    data: Mapping[str, Any], *, at: datetime, dry_run: bool = False, prune: bool = False
) -> ImportReport:
    """Makes vendors, types, templates, models and prices equal to the file; a second run changes nothing.

    A price that differs is published as a new version, in force `at` or, where some calls get dearer, after the notice
    that is owed; the report says when. With `prune`, models that the file's list leaves
    out are retired, because calls refer to them for ever, and vendors and types that nothing uses are removed. With
    `dry_run`, the report is true and nothing stays. Raises `CatalogueError` with the entry; then nothing has changed.
    """
    section = read_section(data)
    changes = _Changes()
    with transaction.atomic():
        _import_vendors(section, changes)
        _import_types(section, changes)
        _import_templates(section, changes, at=at)
        _import_models(section, changes)
        _import_official_prices(data, changes, at=at)
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
    details: dict[str, str] = field(default_factory=dict)

    def report(self) -> ImportReport:
        return ImportReport(tuple(self.created), tuple(self.changed), tuple(self.removed), self.details)


def _import_vendors(section: Section, changes: _Changes) -> None:
    known = {vendor.code: vendor for vendor in Vendor.objects.select_for_update(no_key=True)}
    for entry in section.vendors.values():
        row = known.get(entry.code) or Vendor(code=entry.code)
        _write(row, {"name": dict(entry.name)}, f"vendors/{entry.code}", changes)


def _import_types(section: Section, changes: _Changes) -> None:
    known = {type_.code: type_ for type_ in ModelType.objects.select_for_update(no_key=True)}
    missing = [entry for code, entry in section.usual_types.items() if code not in known]
    for entry in (*section.types.values(), *missing):
        row = known.get(entry.code) or ModelType(code=entry.code)
        fields: dict[str, object] = {"name": dict(entry.name), "position": entry.position}
        if entry.endpoints is not None:
            fields["endpoints"] = list(entry.endpoints)
        if entry.facets is not None:
            fields["facets"] = list(entry.facets)
        _write(row, fields, f"model_types/{entry.code}", changes)


def _import_templates(section: Section, changes: _Changes, *, at: datetime) -> None:
    for entry in section.templates:
        place = f"{TEMPLATES}/{entry.code}/{entry.version}"
        try:
            published = add_template_version(entry.code, entry.version, entry.definition, at=at)
        except TemplateInvalid as error:
            raise CatalogueError(f"{place}.{error.path}", error.problem) from None
        turn = deprecate_template if entry.is_deprecated else reinstate_template
        is_turned = turn(published.template_id, at=at)
        if published.changed:
            changes.created.append(place)
        elif is_turned:
            changes.changed.append(place)


def _import_models(section: Section, changes: _Changes) -> None:
    vendors = dict(Vendor.objects.values_list("code", "pk"))
    types = dict(ModelType.objects.values_list("code", "pk"))
    groups = teams.access_group_ids({code for entry in section.models.values() for code in entry.access_groups})
    # In the order in which changes by percent and price maps lock them.
    known = {model.code: model for model in Model.objects.order_by("pk").select_for_update(no_key=True)}
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


def _import_official_prices(data: Mapping[str, Any], changes: _Changes, *, at: datetime) -> None:
    """Before our own prices: a pegged one is compared with them."""
    entries = read_official_prices(data)
    ids = queries.model_ids({entry.model for entry in entries})
    for entry in entries:
        if entry.model not in ids:
            raise CatalogueError(
                f"{OFFICIAL_PRICES}/{entry.model}", _("There is no model “%(code)s”.") % {"code": entry.model}
            )
        recorded = record_official_price(
            ids[entry.model], entry.pricing_config, source=entry.source, as_of=entry.as_of, at=at
        )
        if recorded.changed:
            changed = changes.created if recorded.number == 1 else changes.changed
            changed.append(f"{OFFICIAL_PRICES}/{entry.model}")


def _import_prices(section: Section, changes: _Changes, *, at: datetime) -> None:
    ids = queries.model_ids(section.models)
    for entry in section.models.values():
        if entry.pricing_config is not None:
            _import_price(ids[entry.code], entry, changes, at=at)


def _import_price(model_id: int, entry: ModelEntry, changes: _Changes, *, at: datetime) -> None:
    """What the file says may be in force now, or announced: both are as the file wants it."""
    place = f"prices/{entry.code}"
    wanted = without_version_facts(entry.pricing_config or {})
    standing = (queries.price_in_force(model_id, at=at), last_version(model_id))
    if any(version is not None and version.entered_config == wanted for version in standing):
        return
    try:
        published = publish_price(model_id, wanted, at=at)
    except PricingConfigError as error:
        raise CatalogueError(f"models/{entry.code}.pricing_config.{error.path}", error.problem) from None
    except PriceConflict as error:
        raise CatalogueError(f"models/{entry.code}.pricing_config", str(error.text)) from None
    (changes.created if published.number == 1 else changes.changed).append(place)
    if published.starts_at > at:
        changes.details[place] = _("in force from %(instant)s, because some calls get dearer") % {
            "instant": published.starts_at.isoformat(timespec="seconds")
        }


def _prune(section: Section, changes: _Changes, *, at: datetime) -> None:
    if "models" in section.listed:
        _retire_unlisted(section, changes, at=at)
    if "vendors" in section.listed:
        _remove_unused(Vendor.objects.filter(models=None), section.vendors, changes, kind="vendors")
    if TEMPLATES in section.listed:
        _withdraw_unlisted_templates(section, changes, at=at)
    if "model_types" in section.listed:
        unused = ModelType.objects.filter(models=None, pricing_templates=None)
        _remove_unused(unused, section.types, changes, kind="model_types")


def _retire_unlisted(section: Section, changes: _Changes, *, at: datetime) -> None:
    surplus = Model.objects.exclude(code__in=section.models).exclude(lifecycle=Lifecycle.RETIRED)
    codes = list(surplus.values_list("code", flat=True))
    surplus.update(lifecycle=Lifecycle.RETIRED, retired_on=business_date(at))
    changes.removed.extend(f"models/{code}" for code in codes)


def _withdraw_unlisted_templates(section: Section, changes: _Changes, *, at: datetime) -> None:
    """What prices were published under is deprecated, the rest goes."""
    listed = {(entry.code, entry.version) for entry in section.templates}
    for card in queries.template_versions():
        if (card.code, card.version) in listed or not _withdraw_template(card, at=at):
            continue
        changes.removed.append(f"{TEMPLATES}/{card.code}/{card.version}")


def _withdraw_template(card: PricingTemplateCard, *, at: datetime) -> bool:
    """False when there was nothing left to do."""
    try:
        remove_template(card.id, at=at)
    except TemplateInUse:
        return deprecate_template(card.id, at=at)
    return True


def _remove_unused(
    unused: QuerySet[Vendor] | QuerySet[ModelType], listed: Collection[str], changes: _Changes, *, kind: str
) -> None:
    for row in unused.exclude(code__in=listed):
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
