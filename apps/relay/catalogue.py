"""The catalogue as a file: access groups, vendors, types, models, prices and channels, each app taking its own part.

Declarative: importing makes the database equal to the file, a second run changes nothing, an export imports as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.core.secret_tokens import digest_of
from apps.journal import services as journal
from apps.journal.types import Act
from apps.marketplace import queries as marketplace_queries
from apps.marketplace import services as marketplace
from apps.relay import services
from apps.relay.catalogue_text import check_values, refuse_gone_section
from apps.relay.channel_file import ChannelEntry, Resolve, read_channels
from apps.relay.errors import CatalogueInvalid, ChannelInvalid
from apps.relay.models import Channel
from apps.relay.services.channels import terms_of
from apps.teams import queries as teams_queries
from apps.teams import services as teams

GROUPS = "access_groups"
CHANNELS = "channels"
MARKETPLACE = ("vendors", "model_types", "pricing_templates", "models", "official_prices")
SECTIONS = (GROUPS, *MARKETPLACE, CHANNELS)


@dataclass(frozen=True, slots=True)
class CatalogueChange:
    """One line of a diff: `+`, `~` or `-`, what it is about, and what changed where that may be shown."""

    sign: str
    subject: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.sign} {self.subject}{': ' if self.detail else ''}{self.detail}"


def import_catalogue(
    catalogue: Mapping[str, Any], *, at: datetime, resolve: Resolve, dry_run: bool = False, prune: bool = False
) -> list[CatalogueChange]:
    """Makes the database equal to the sections of the file; what the file does not mention goes only with `prune`.

    All or nothing, and nothing with `dry_run`, whose answer is true all the same. A changed price becomes a version in
    force `at`, a higher one after its notice. Raises `CatalogueInvalid` and the errors of the apps that own a section.
    """
    check_values(catalogue)
    unknown = sorted(set(catalogue) - set(SECTIONS))
    if unknown:
        refuse_gone_section(catalogue[unknown[0]])
        raise CatalogueInvalid(_("There is no section %(section)s.") % {"section": unknown[0]}, path=unknown[0])
    with transaction.atomic(durable=True):
        changes = [
            *_import_groups(catalogue, prune=False),
            *_import_multipliers(catalogue, at=at),
            *_import_models(catalogue, at=at, prune=prune),
            *_import_channels(catalogue, at=at, resolve=resolve, prune=prune),
            *(_import_groups(catalogue, prune=True) if prune else ()),
        ]
        if changes:
            details = {"changes": list(map(str, changes))}
            journal.record_act(Act("catalogue.imported", "catalogue", "file", details=details), at=at)
        if dry_run:
            transaction.set_rollback(True)
    return changes


def export_catalogue(*, at: datetime) -> dict[str, Any]:
    """Everything that `import_catalogue` reads. A key shows as the `env:NAME` it came from, else as null."""
    return {
        GROUPS: teams_queries.export_access_groups(at=at),
        **marketplace_queries.export_section(),
        CHANNELS: [_exported(channel) for channel in _rows()],
    }


def _import_groups(catalogue: Mapping[str, Any], *, prune: bool) -> list[CatalogueChange]:
    if GROUPS not in catalogue:
        return []
    report = teams.import_access_groups(catalogue[GROUPS], prune=prune)
    return _lines(report.created, report.changed, report.removed, prefix=f"{GROUPS}/")


def _import_multipliers(catalogue: Mapping[str, Any], *, at: datetime) -> list[CatalogueChange]:
    """Of groups that exist: a lower multiplier is in force at once, a higher one with the notice that callers have.

    What a file says may be in force, or announced: both are as the file wants it, and an export says the former.
    """
    changes = []
    wanted = teams.wanted_multipliers(catalogue.get(GROUPS, []))
    in_force = {terms.code: terms.multiplier.at(at) for terms in teams_queries.access_group_terms()}
    for code, multiplier in wanted.items():
        if multiplier == in_force[code]:
            continue
        changed = marketplace.change_multiplier(code, multiplier, at=at, actor=None, reason=_("Catalogue file"))
        if changed.changed:
            detail = f"multiplier {multiplier.normalize():f} from {changed.starts_at:%Y-%m-%d %H:%M} UTC"
            changes.append(CatalogueChange("~", f"{GROUPS}/{code}", detail))
    return changes


def _import_models(catalogue: Mapping[str, Any], *, at: datetime, prune: bool) -> list[CatalogueChange]:
    section = {name: catalogue[name] for name in MARKETPLACE if name in catalogue}
    if not section:
        return []
    report = marketplace.import_section(section, at=at, prune=prune)
    lines = _lines(report.created, report.changed, report.removed)
    return [replace(line, detail=report.details.get(line.subject, "")) for line in lines]


def _lines(
    created: tuple[str, ...], changed: tuple[str, ...], removed: tuple[str, ...], *, prefix: str = ""
) -> list[CatalogueChange]:
    signed = (("+", created), ("~", changed), ("-", removed))
    return [CatalogueChange(sign, prefix + subject) for sign, subjects in signed for subject in subjects]


# -- Channels ------------------------------------------------------------------------------------


def _import_channels(
    catalogue: Mapping[str, Any], *, at: datetime, resolve: Resolve, prune: bool
) -> list[CatalogueChange]:
    if CHANNELS not in catalogue:
        return []
    entries = read_channels(catalogue[CHANNELS], resolve=resolve)
    stored = {channel.name: channel for channel in _rows().select_for_update(of=("self",))}
    changes = []
    for name, entry in entries.items():
        try:
            changes.extend(_import_channel(entry, stored.get(name), at=at))
        except ChannelInvalid as error:
            place = "/".join(filter(None, (CHANNELS, name, str(error.details.get("field", "")))))
            raise CatalogueInvalid(f"{place}: {error.text}", path=place) from None
    for name in sorted(set(stored) - set(entries)) if prune else ():
        services.remove_channel(stored[name].pk, actor=None, at=at)
        changes.append(CatalogueChange("-", f"{CHANNELS}/{name}"))
    return changes


def _import_channel(entry: ChannelEntry, channel: Channel | None, *, at: datetime) -> list[CatalogueChange]:
    subject = f"{CHANNELS}/{entry.name}"
    if channel is None:
        _create(entry, at=at)
        return [CatalogueChange("+", subject)]
    details = _change(channel, entry, at=at)
    return [CatalogueChange("~", subject, "; ".join(details))] if details else []


def _create(entry: ChannelEntry, *, at: datetime) -> None:
    channel = services.create_channel(entry.name, actor=None, at=at, **entry.terms)
    _change_keys(channel, entry, at=at)
    _switch(channel, entry, at=at)


def _change(channel: Channel, entry: ChannelEntry, *, at: datetime) -> list[str]:
    """What differed, in words that give no key away."""
    now = terms_of(channel)
    differing = [field for field, wanted in entry.terms.items() if _comparable(now[field]) != _comparable(wanted)]
    if differing:
        services.change_channel(channel.pk, actor=None, at=at, **entry.terms)
    details = [f"{field} {now[field]!r} → {entry.terms[field]!r}" for field in differing]
    details += _change_keys(channel, entry, at=at)
    details += _switch(channel, entry, at=at)
    return details


def _change_keys(channel: Channel, entry: ChannelEntry, *, at: datetime) -> list[str]:
    if entry.keys is None:
        return []
    wanted = {digest_of(key.secret): key for key in entry.keys}
    stored = {bytes(key.digest): key for key in channel.keys.filter(enabled=True)}
    added = [key for digest, key in wanted.items() if digest not in stored or stored[digest].source != key.source]
    sources = {key.source for key in entry.keys if key.source}
    surplus = [
        key
        for digest, key in stored.items()
        if digest not in wanted and (key.source in sources or not entry.keeps_other_keys)
    ]
    for key in added:
        services.add_channel_key(channel.pk, key.secret, source=key.source, actor=None, at=at)
    for stale in surplus:
        services.remove_channel_key(stale.pk, actor=None, at=at)
    return [f"{count} {what}" for count, what in ((len(added), "keys added"), (len(surplus), "keys removed")) if count]


def _switch(channel: Channel, entry: ChannelEntry, *, at: datetime) -> list[str]:
    if entry.enabled is None or entry.enabled == channel.enabled:
        return []
    if entry.enabled:
        services.enable_channel(channel.pk, actor=None, at=at)
    else:
        services.disable_channel(channel.pk, actor=None, at=at, reason=_("The catalogue file says so."))
    return [f"enabled {channel.enabled} → {entry.enabled}"]


def _rows() -> QuerySet[Channel]:
    return Channel.objects.order_by("name").prefetch_related("keys")


def _comparable(value: Any) -> Any:
    return sorted(set(value)) if isinstance(value, list) else value


def _exported(channel: Channel) -> dict[str, Any]:
    keys = [key.source or None for key in channel.keys.all() if key.enabled]
    return {"name": channel.name, **terms_of(channel), "keys": keys, "enabled": channel.enabled}
