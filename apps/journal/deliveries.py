"""Delivers what waits for webhooks: signed, a round at a time, each receiver on its own."""

import hmac
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings

from apps.core.encryption import KeyGone, decrypt
from apps.core.outbound import ANYWHERE, Answer, Post, Reach, Unreachable, UrlRefused, post, post_all
from apps.journal import queries
from apps.journal import services as journal
from apps.journal.errors import MessageRefused, NotDelivered, WayClosed
from apps.journal.models import OutboxMessage, WebhookEndpoint
from apps.journal.signing import HEADER, signature_of
from apps.journal.types import CHALLENGE, DueMessage

ROUND: Final = timedelta(seconds=5)
AT_ONCE: Final = 16
REST: Final = timedelta(minutes=1)
GONE: Final = 410
WEBHOOK: Final = OutboxMessage.Channel.WEBHOOK
ALERT: Final = OutboxMessage.Channel.ALERT


def deliver_due(*, now: Callable[[], datetime], reach: Reach) -> int:
    """One round; how many messages arrived. Safe to run twice at once and to be killed: who gets a message twice sees
    the same id. A receiver that fails rests for a minute, so that it costs one attempt and not one for each message.
    """
    arrived, until = 0, now() + ROUND
    while now() < until and (messages := journal.claim_one_each(WEBHOOK, at=now(), at_most=AT_ONCE)):
        arrived += _deliver(messages, at=now(), reach=reach)
    return arrived


def send_alerts(url: str, *, now: Callable[[], datetime]) -> int:
    """What operators are told through their own webhook; how many arrived. The address is a setting: it may be private,
    and is not signed for.
    """
    return journal.send_due(ALERT, lambda message: _send_alert(message, url), now=now, until=now() + ROUND)


def body_of(message: DueMessage) -> bytes:
    """The same bytes for every attempt."""
    return json.dumps(message.payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _send_alert(message: DueMessage, url: str) -> None:
    content = message.payload
    text = f"{content['alert']}: {json.dumps(content['details'], sort_keys=True)}"
    shown = {**content, "text": text, "url": f"{settings.PUBLIC_URL}{content['path']}"}
    try:
        answer = post(Post(url, json.dumps(shown, sort_keys=True).encode()), reach=ANYWHERE)
    except (UrlRefused, Unreachable) as problem:
        raise WayClosed(str(problem)) from problem
    if not answer.is_success:
        raise NotDelivered(f"answered {answer.status}")


def _deliver(messages: list[DueMessage], *, at: datetime, reach: Reach) -> int:
    endpoints = queries.endpoints_by_id([message.recipient for message in messages])
    posts = {}
    for message in messages:
        endpoint = endpoints.get(message.recipient)
        try:
            posts[message.message_id] = _post(message, endpoint, at=at)
        except (MessageRefused, KeyGone) as problem:
            journal.note_failure(message.message_id, problem=MessageRefused(str(problem)), at=at)
    sent = [message for message in messages if message.message_id in posts]
    answers = post_all([posts[message.message_id] for message in sent], reach=reach)
    return sum(
        _settle(message, endpoints[message.recipient], answer, at=at)
        for message, answer in zip(sent, answers, strict=True)
    )


def _post(message: DueMessage, endpoint: WebhookEndpoint | None, *, at: datetime) -> Post:
    """Signed now: a receiver refuses what is old. Raises `MessageRefused` for a receiver that gets nothing any more."""
    if endpoint is None:
        raise MessageRefused("the webhook was removed")
    if message.kind != CHALLENGE and (endpoint.disabled_at is not None or endpoint.verified_at is None):
        raise MessageRefused("the webhook was turned off")
    secrets = [decrypt(bytes(endpoint.ciphertext))]
    if endpoint.previous_until is not None and endpoint.previous_until > at:
        secrets.append(decrypt(bytes(endpoint.previous_ciphertext)))
    body = body_of(message)
    return Post(endpoint.url, body, {HEADER: signature_of(body, secrets=secrets, at=at)})


def _settle(
    message: DueMessage, endpoint: WebhookEndpoint, answer: Answer | UrlRefused | Unreachable, *, at: datetime
) -> bool:
    problem = _problem_of(message, answer)
    if problem is None:
        journal.mark_sent(message.message_id, at=at)
        if message.kind == CHALLENGE:
            journal.confirm_endpoint(endpoint.pk, challenge=message.payload["challenge"], at=at)
        else:
            journal.note_delivered(endpoint.pk)
        return True
    journal.note_failure(message.message_id, problem=NotDelivered(problem), at=at)
    journal.hold_back(WEBHOOK, until=at + REST, recipient=message.recipient)
    is_gone = isinstance(answer, Answer) and answer.status == GONE
    journal.note_failing(endpoint.pk, reason=problem, is_final=is_gone, at=at)
    return False


def _problem_of(message: DueMessage, answer: Answer | UrlRefused | Unreachable) -> str | None:
    """Why this does not count as arrived, in words for whoever owns the address; nothing of what it answered."""
    if isinstance(answer, UrlRefused):
        return "the address is not public"
    if isinstance(answer, Unreachable):
        return str(answer)
    if not answer.is_success:
        return f"answered {answer.status}"
    if message.kind == CHALLENGE and not _repeats(answer.body, message.payload["challenge"]):
        return "answered without the challenge"
    return None


def _repeats(body: bytes, challenge: str) -> bool:
    """The challenge alone, or as the field `challenge` of a JSON object. Whoever sends back all that came has not read
    it: `type` beside it gives that away.
    """
    text = body.decode(errors="replace").strip()
    if hmac.compare_digest(text.encode(), challenge.encode()):
        return True
    try:
        found: Any = json.loads(text)
    except ValueError:
        return False
    return isinstance(found, dict) and found.get("challenge") == challenge and "type" not in found
