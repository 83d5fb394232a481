"""Webhooks of a team: where its events go, once the address has answered a challenge. Sends nothing itself."""

import hashlib
import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.core.encryption import encrypt
from apps.core.ids import parse_public_id, public_id
from apps.core.key_rotation import Rewritten, RowPage, reencrypt_column
from apps.core.locks import lock_for_transaction
from apps.core.outbound import check_url, reach_of_users
from apps.core.secret_tokens import mint
from apps.journal.errors import EndpointMissing, EndpointsAtMost, EndpointTaken
from apps.journal.models import OutboxMessage, WebhookEndpoint
from apps.journal.services.outbox import give_up_all, queue_message
from apps.journal.services.trail import record_act
from apps.journal.types import CHALLENGE, TEST, Act, Message, NewEndpoint

ENDPOINTS_AT_MOST = 5
BOTH_SECRETS = timedelta(hours=24)
FAILS_FOR = timedelta(days=3)
SECRET_PREFIX = "whsec_"  # noqa: S105  what a signing secret starts with
WEBHOOK = OutboxMessage.Channel.WEBHOOK


def add_endpoint(owner: str, *, url: str, kinds: Collection[str], actor: int, at: datetime) -> NewEndpoint:
    """A new address, with the secret that signs what goes there: nobody is told it again. It is asked to answer a
    challenge and gets nothing else before it has. Raises `UrlRefused`, `EndpointsAtMost`, `EndpointTaken`.
    """
    check_url(url, reach=reach_of_users())
    secret = mint(SECRET_PREFIX)
    with transaction.atomic():
        lock_for_transaction(f"journal.endpoints:{owner}")
        if WebhookEndpoint.objects.filter(owner=owner).count() >= ENDPOINTS_AT_MOST:
            raise EndpointsAtMost
        endpoint = WebhookEndpoint(
            owner=owner,
            url=url,
            kinds=sorted(set(kinds)),
            ciphertext=encrypt(secret),
            created_at=at,
            created_by_id=actor,
        )
        _store(endpoint)
        _queue_challenge(endpoint, at=at)
        _record("added", endpoint, actor=actor, at=at)
    return NewEndpoint(endpoint.public_id, secret)


def change_endpoint(owner: str, endpoint_id: str, *, kinds: Collection[str], actor: int, at: datetime) -> None:
    """Which events go there from now on. Safe to repeat. Raises `EndpointMissing`."""
    with transaction.atomic():
        endpoint = _locked(owner, endpoint_id)
        if endpoint.kinds == sorted(set(kinds)):
            return
        endpoint.kinds = sorted(set(kinds))
        endpoint.save(update_fields=["kinds"])
        _record("changed", endpoint, actor=actor, at=at)


def rotate_secret(owner: str, endpoint_id: str, *, actor: int, at: datetime) -> str:
    """A new secret; the old one signs beside it for 24 hours. Of several rotations only the last two secrets count.
    Raises `EndpointMissing`.
    """
    secret = mint(SECRET_PREFIX)
    with transaction.atomic():
        endpoint = _locked(owner, endpoint_id)
        endpoint.previous_ciphertext, endpoint.previous_until = endpoint.ciphertext, at + BOTH_SECRETS
        endpoint.ciphertext = encrypt(secret)
        endpoint.save(update_fields=["previous_ciphertext", "previous_until", "ciphertext"])
        _record("secret_rotated", endpoint, actor=actor, at=at)
    return secret


def remove_endpoint(owner: str, endpoint_id: str, *, actor: int | None, at: datetime) -> None:
    """Nothing goes there any more, nor what still waits. Raises `EndpointMissing`."""
    with transaction.atomic():
        endpoint = _locked(owner, endpoint_id)
        give_up_all(WEBHOOK, recipient=endpoint.public_id, error="the webhook was removed", at=at)
        _record("removed", endpoint, actor=actor, at=at)
        endpoint.delete()


def remove_endpoints_of(owner: str, *, actor: int | None, at: datetime) -> int:
    """The same for all of an owner's, when it ends; how many there were. Safe to repeat."""
    found = list(WebhookEndpoint.objects.filter(owner=owner))
    for endpoint in found:
        remove_endpoint(owner, endpoint.public_id, actor=actor, at=at)
    return len(found)


def stop_endpoints_of_maker(owner: str, maker: int, *, actor: int, reason: str, at: datetime) -> int:
    """Turns off what somebody added who goes: it may be an address of theirs. How many; safe to repeat.

    Whoever stays may let an address answer a new challenge; then events go there again.
    """
    with transaction.atomic():
        live = WebhookEndpoint.objects.select_for_update().filter(owner=owner, created_by_id=maker, disabled_at=None)
        found = list(live.order_by("pk"))
        for endpoint in found:
            endpoint.disabled_at, endpoint.told_at, endpoint.reason = at, at, reason
            endpoint.challenge = _challenge()  # an answer to the old one counts no more
            endpoint.save(update_fields=["disabled_at", "told_at", "reason", "challenge"])
            give_up_all(WEBHOOK, recipient=endpoint.public_id, error=reason, at=at)
            _record("stopped", endpoint, actor=actor, at=at)
    return len(found)


def challenge_again(owner: str, endpoint_id: str, *, at: datetime) -> bool:
    """Asks the address once more, at most once a minute; False within that minute. Raises `EndpointMissing`."""
    with transaction.atomic():
        return _queue_challenge(_locked(owner, endpoint_id), at=at)


def queue_test(owner: str, endpoint_id: str, *, at: datetime) -> bool:
    """An event without meaning for one verified address, at most once a minute; False within that minute, and where the
    address has not answered its challenge. Raises `EndpointMissing`.
    """
    with transaction.atomic():
        endpoint = _locked(owner, endpoint_id)
        if endpoint.verified_at is None or endpoint.disabled_at is not None:
            return False
        event_id = _event_id(endpoint.public_id, f"test:{at:%Y-%m-%dT%H:%M}")
        return _queue(endpoint, _event(event_id, owner, TEST, {}, at=at), at=at)


def queue_event(owner: str, kind: str, *, payload: Mapping[str, object], dedupe_key: str, at: datetime) -> int:
    """One message for each verified address of the owner that wants the kind, in the caller's transaction; how many.

    The id of the event comes from `owner` and `dedupe_key`: whoever gets it twice can tell.
    """
    event = _event(_event_id(owner, dedupe_key), owner, kind, payload, at=at)
    wanting = WebhookEndpoint.objects.filter(owner=owner, kinds__contains=[kind], disabled_at=None)
    return sum(_queue(endpoint, event, at=at) for endpoint in wanting.exclude(verified_at=None).order_by("pk"))


def confirm_endpoint(endpoint_id: int, *, challenge: str, at: datetime) -> None:
    """The address answered this challenge: events go there, again if it was turned off. Safe to repeat."""
    WebhookEndpoint.objects.filter(pk=endpoint_id, challenge=challenge).update(
        verified_at=at, failing_since=None, disabled_at=None, reason="", told_at=None, challenge=_challenge()
    )


def note_delivered(endpoint_id: int) -> None:
    WebhookEndpoint.objects.filter(pk=endpoint_id, failing_since__isnull=False).update(failing_since=None, reason="")


def note_failing(endpoint_id: int, *, reason: str, is_final: bool, at: datetime) -> None:
    """Since when an address fails; after three days of it, or at once where it says so, it is turned off and what waits
    for it is given up.
    """
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.select_for_update().filter(pk=endpoint_id, disabled_at=None).first()
        if endpoint is None or endpoint.verified_at is None:
            return
        endpoint.failing_since = endpoint.failing_since or at
        endpoint.reason = reason[:200]
        if is_final or at - endpoint.failing_since >= FAILS_FOR:
            endpoint.disabled_at = at
            give_up_all(WEBHOOK, recipient=endpoint.public_id, error="the webhook was turned off", at=at)
            _record("disabled", endpoint, actor=None, at=at)
        endpoint.save(update_fields=["failing_since", "reason", "disabled_at"])


def take_untold_endpoints(*, at: datetime, at_most: int = 50) -> list[tuple[str, str, str]]:
    """Owner, id and host of what was turned off since the last time, for the notices of the same transaction."""
    untold = WebhookEndpoint.objects.filter(told_at=None, disabled_at__isnull=False)
    rows = list(untold.select_for_update(skip_locked=True).order_by("pk")[:at_most])
    WebhookEndpoint.objects.filter(pk__in=[row.pk for row in rows]).update(told_at=at)
    return [(row.owner, row.public_id, host_of(row.url)) for row in rows]


def reencrypt_endpoint_secrets(page: RowPage) -> Rewritten:
    """Writes a page of secrets under the first key, in a transaction of its own. Safe to repeat."""
    return reencrypt_column(WebhookEndpoint.objects.all(), "ciphertext", page=page)


def reencrypt_previous_endpoint_secrets(page: RowPage) -> Rewritten:
    return reencrypt_column(WebhookEndpoint.objects.all(), "previous_ciphertext", page=page)


def host_of(url: str) -> str:
    """What may be told of an address where others read: its path may be a secret."""
    return urlsplit(url).hostname or ""


def _store(endpoint: WebhookEndpoint) -> None:
    endpoint.challenge = _challenge()
    try:
        with transaction.atomic():
            endpoint.save(force_insert=True)
    except IntegrityError as error:
        raise EndpointTaken from error


def _locked(owner: str, endpoint_id: str) -> WebhookEndpoint:
    uid = parse_public_id("hook", endpoint_id)
    if uid is None:
        raise EndpointMissing
    endpoint = WebhookEndpoint.objects.select_for_update().filter(owner=owner, uid=uid).first()
    if endpoint is None:
        raise EndpointMissing
    return endpoint


def _challenge() -> str:
    return secrets.token_urlsafe(32)


def _queue_challenge(endpoint: WebhookEndpoint, *, at: datetime) -> bool:
    event_id = _event_id(endpoint.public_id, f"challenge:{at:%Y-%m-%dT%H:%M}")
    event = _event(event_id, endpoint.owner, CHALLENGE, {}, at=at)
    return _queue(endpoint, {**event, "challenge": endpoint.challenge}, at=at)


def _queue(endpoint: WebhookEndpoint, event: Mapping[str, object], *, at: datetime) -> bool:
    key = f"{event['id']}:{endpoint.public_id}"
    return queue_message(Message(key, str(event["type"]), endpoint.public_id, event, channel=WEBHOOK), at=at)


def _event_id(owner: str, dedupe_key: str) -> str:
    return public_id("evt", UUID(bytes=hashlib.sha256(f"{owner} {dedupe_key}".encode()).digest()[:16]))


def _event(event_id: str, owner: str, kind: str, payload: Mapping[str, object], *, at: datetime) -> dict[str, object]:
    return {"id": event_id, "type": kind, "created_at": at.isoformat(), "team": owner, "data": dict(payload)}


def _record(what: str, endpoint: WebhookEndpoint, *, actor: int | None, at: datetime) -> None:
    details = {"host": host_of(endpoint.url), "kinds": endpoint.kinds}
    act = Act(f"webhook.{what}", "webhook", endpoint.public_id, actor_id=actor, details=details, scope=endpoint.owner)
    record_act(act, at=at)
