"""Acts on channels and their keys. A key goes in and never comes out; it stays with the address it was given for."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, TypedDict, Unpack
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.addresses import is_metadata_name, is_reachable
from apps.core.encryption import encrypt
from apps.core.key_rotation import Rewritten, RowPage, reencrypt_column
from apps.core.secret_tokens import digest_of
from apps.journal import services as journal
from apps.journal.types import Act
from apps.marketplace import queries as marketplace
from apps.relay.errors import ChannelInvalid, ChannelKeyMissing, ChannelMissing, ChannelNameTaken
from apps.relay.models import Channel, ChannelKey, ChannelKind, ChannelModel, Transport
from apps.teams import queries as teams

MAX_KEY_LENGTH = 4_000
SHOWN_FROM_LENGTH = 16
MAX_URL_LENGTH = 300
_URL = re.compile(r"https?://[!-~]+")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?|[0-9a-f:.]+")


class ChannelTerms(TypedDict, total=False):
    """What staff may set on a channel; what is absent stays as it is."""

    kind: str
    base_url: str
    priority: int
    weight: int
    region: str
    transport: str
    bills_after_cancel: bool
    access_groups: Collection[str]
    models: Mapping[str, str]


def check_channel(channel: Channel, **terms: Unpack[ChannelTerms]) -> None:
    """What `change_channel` would refuse, for forms that show it beside the field. Raises `ChannelInvalid`."""
    _apply(channel, terms)


def create_channel(name: str, *, actor: int | None, at: datetime, **terms: Unpack[ChannelTerms]) -> Channel:
    """A new channel, on, without keys. Raises `ChannelNameTaken` and `ChannelInvalid`."""
    with transaction.atomic():
        if Channel.objects.filter(name=name).exists():
            raise ChannelNameTaken
        channel = Channel(name=name)
        _apply(channel, terms)
        channel.save(force_insert=True)
        _relate(channel, terms)
        _record("channel.created", channel, actor=actor, at=at, details=terms_of(channel))
    return channel


def change_channel(channel_id: int, *, actor: int | None, at: datetime, **terms: Unpack[ChannelTerms]) -> Channel:
    """New terms for a channel. A new kind or address drops its keys: a key must not be sent to somebody else.

    Raises `ChannelMissing` and `ChannelInvalid`.
    """
    with transaction.atomic():
        channel = _locked(channel_id)
        before = terms_of(channel)
        _apply(channel, terms)
        channel.save()
        _relate(channel, terms)
        changed = _differences(before, terms_of(channel))
        if changed.keys() & {"kind", "base_url"}:
            changed["keys_dropped"] = channel.keys.all().delete()[0]
        if changed:
            _record("channel.changed", channel, actor=actor, at=at, details=changed)
    return channel


def remove_channel(channel_id: int, *, actor: int | None, at: datetime) -> None:
    """The channel with its keys and model names; usage records keep its id."""
    with transaction.atomic():
        channel = _locked(channel_id)
        _record("channel.removed", channel, actor=actor, at=at)
        channel.delete()


def enable_channel(channel_id: int, *, actor: int | None, at: datetime, reason: str = "") -> None:
    """Takes back `disable_channel`."""
    _switch(channel_id, actor=actor, at=at, enabled=True, reason=reason)


def disable_channel(channel_id: int, *, actor: int | None, at: datetime, reason: str) -> None:
    """No new call takes the channel, within a second in every process; calls under way finish."""
    _switch(channel_id, actor=actor, at=at, enabled=False, reason=reason)


def add_channel_key(
    channel_id: int, secret: str, *, actor: int | None, at: datetime, source: str = "", reason: str = ""
) -> ChannelKey:
    """Stores a key encrypted. The same key again is switched on and adds nothing. Raises `ChannelInvalid`."""
    secret = secret.strip()
    if not 1 <= len(secret) <= MAX_KEY_LENGTH or not secret.isascii() or not secret.isprintable():
        raise ChannelInvalid(_("A key is one line of printable ASCII characters."), field="key")
    with transaction.atomic():
        channel = _locked(channel_id)
        key = channel.keys.filter(digest=digest_of(secret)).first()
        if key is None:
            last_four = secret[-4:] if len(secret) >= SHOWN_FROM_LENGTH else ""
            key = ChannelKey(channel=channel, digest=digest_of(secret), ciphertext=encrypt(secret), last_four=last_four)
        key.enabled, key.source = True, source
        key.save()
        _record("channel.key_added", channel, actor=actor, at=at, reason=reason, details={"key": key.pk})
    return key


def enable_channel_key(key_id: int, *, actor: int | None, at: datetime, reason: str = "") -> None:
    _switch_key(key_id, actor=actor, at=at, enabled=True, reason=reason)


def disable_channel_key(key_id: int, *, actor: int | None, at: datetime, reason: str = "") -> None:
    _switch_key(key_id, actor=actor, at=at, enabled=False, reason=reason)


def remove_channel_key(key_id: int, *, actor: int | None, at: datetime, reason: str = "") -> None:
    with transaction.atomic():
        key = _key(key_id)
        channel = _locked(key.channel_id)
        key.delete()
        _record("channel.key_removed", channel, actor=actor, at=at, reason=reason, details={"key": key_id})


def reencrypt_channel_keys(page: RowPage) -> Rewritten:
    """Writes a page of keys under the first of our own keys, in a transaction of its own. Safe to repeat."""
    return reencrypt_column(ChannelKey.objects.all(), "ciphertext", page=page)


def terms_of(channel: Channel) -> dict[str, Any]:
    """Everything that `change_channel` may change, as a catalogue file says it."""
    return {
        "kind": channel.kind,
        "base_url": channel.base_url,
        "priority": channel.priority,
        "weight": channel.weight,
        "region": channel.region,
        "transport": channel.transport,
        "bills_after_cancel": channel.bills_after_cancel,
        "access_groups": sorted(channel.access_groups.values_list("code", flat=True)),
        "models": dict(channel.models.values_list("model__code", "upstream_name")),
    }


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    return {name: {"from": was, "to": after[name]} for name, was in before.items() if was != after[name]}


def _locked(channel_id: int) -> Channel:
    channel = Channel.objects.select_for_update().filter(pk=channel_id).first()
    if channel is None:
        raise ChannelMissing
    return channel


def _key(key_id: int) -> ChannelKey:
    key = ChannelKey.objects.filter(pk=key_id).first()
    if key is None:
        raise ChannelKeyMissing
    return key


def _switch(channel_id: int, *, actor: int | None, at: datetime, enabled: bool, reason: str) -> None:
    with transaction.atomic():
        channel = _locked(channel_id)
        if channel.enabled == enabled:
            return
        channel.enabled, channel.disabled_reason = enabled, "" if enabled else reason[:200]
        channel.save(update_fields=["enabled", "disabled_reason"])
        _record("channel.enabled" if enabled else "channel.disabled", channel, actor=actor, at=at, reason=reason)


def _switch_key(key_id: int, *, actor: int | None, at: datetime, enabled: bool, reason: str) -> None:
    with transaction.atomic():
        key = _key(key_id)
        channel = _locked(key.channel_id)
        key.enabled = enabled
        key.save(update_fields=["enabled"])
        act = "channel.key_enabled" if enabled else "channel.key_disabled"
        _record(act, channel, actor=actor, at=at, reason=reason, details={"key": key_id})


def _apply(channel: Channel, terms: ChannelTerms) -> None:
    channel.kind = _one_of(terms.get("kind", channel.kind), ChannelKind.values, "kind")
    channel.transport = _one_of(terms.get("transport", channel.transport), Transport.values, "transport")
    channel.base_url = _checked_url(terms.get("base_url", channel.base_url), channel.kind)
    channel.priority = terms.get("priority", channel.priority)
    channel.weight = terms.get("weight", channel.weight)
    channel.region = terms.get("region", channel.region)
    channel.bills_after_cancel = terms.get("bills_after_cancel", channel.bills_after_cancel)
    if channel.weight < 1:
        raise ChannelInvalid(_("A weight is a whole number of at least 1."), field="weight")
    _check_columns(channel, exclude={"base_url"})


def _check_columns(row: Channel | ChannelModel, *, exclude: Collection[str]) -> None:
    """Lengths, ranges and alphabets as the columns have them: beyond those the database would refuse the row."""
    try:
        row.clean_fields(exclude=exclude)
    except ValidationError as error:
        field, problems = next(iter(error.message_dict.items()))
        raise ChannelInvalid(" ".join(problems), field=field) from None


def _one_of(value: str, known: Collection[str], field: str) -> str:
    if value not in known:
        raise ChannelInvalid(_("Choose one of: %(choices)s.") % {"choices": ", ".join(known)}, field=field)
    return value


def _checked_url(url: str, kind: str) -> str:
    """The address without a trailing slash. Our own credentials go there, so it must be ours to call."""
    if kind == ChannelKind.SANDBOX and not url:
        return ""
    parts = _parts_of(url)
    if parts is None or parts.hostname is None:
        raise ChannelInvalid(_("Write the address as https://host/path, without sign-in or query."), field="base_url")
    if not _may_be_called(parts.hostname):
        raise ChannelInvalid(
            _("This address may not be called. Private networks need ALLOW_PRIVATE_UPSTREAMS."), field="base_url"
        )
    if parts.scheme == "http" and not settings.ALLOW_PRIVATE_UPSTREAMS:
        raise ChannelInvalid(_("A key is never sent over plain http; write https."), field="base_url")
    return url.rstrip("/")


def _parts_of(url: str) -> SplitResult | None:
    """The address in its parts; None unless it is plain: nothing but a host, perhaps a port, and a path."""
    if len(url) > MAX_URL_LENGTH or not _URL.fullmatch(url) or any(character in url for character in "@?#\\"):
        return None
    try:
        parts = urlsplit(url)
        is_plain = parts.port != 0 and _HOST.fullmatch(parts.hostname or "") is not None
    except ValueError:
        return None
    return parts if is_plain else None


def _may_be_called(host: str) -> bool:
    """Literal addresses are judged here, names when the transport has resolved them."""
    host = host.rstrip(".")
    if is_metadata_name(host):
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return bool(settings.ALLOW_PRIVATE_UPSTREAMS)
    try:
        return is_reachable(host, allow_private=settings.ALLOW_PRIVATE_UPSTREAMS)
    except ValueError:
        return True


def _relate(channel: Channel, terms: ChannelTerms) -> None:
    if "access_groups" in terms:
        channel.access_groups.set(_group_ids(terms["access_groups"]))
    if "models" in terms:
        _set_models(channel, terms["models"])


def _group_ids(codes: Collection[str]) -> list[int]:
    ids = teams.access_group_ids(codes)
    _refuse_unknown(set(codes) - set(ids), "access_groups")
    return sorted(ids.values())


def _set_models(channel: Channel, models: Mapping[str, str]) -> None:
    ids = marketplace.model_ids(models)
    _refuse_unknown(set(models) - set(ids), "models")
    channel.models.exclude(model_id__in=ids.values()).delete()
    known = dict(channel.models.values_list("model_id", "upstream_name"))
    for code, upstream_name in models.items():
        if known.get(ids[code]) != upstream_name:
            _check_columns(ChannelModel(upstream_name=upstream_name), exclude={"channel", "model"})
            ChannelModel.objects.update_or_create(
                channel=channel, model_id=ids[code], defaults={"upstream_name": upstream_name}
            )


def _refuse_unknown(codes: set[str], field: str) -> None:
    if codes:
        raise ChannelInvalid(_("Unknown here: %(codes)s.") % {"codes": ", ".join(sorted(codes))}, field=field)


def _record(
    act: str,
    channel: Channel,
    *,
    actor: int | None,
    at: datetime,
    reason: str = "",
    details: Mapping[str, object] | None = None,
) -> None:
    facts = {"name": channel.name, **(details or {})}
    journal.record_act(Act(act, "channel", str(channel.pk), actor_id=actor, reason=reason, details=facts), at=at)
