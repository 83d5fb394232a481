"""What people are told by mail: one message a person, through the outbox."""

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import F, Func, Value

from apps.accounts.models import User
from apps.accounts.types import Language, NoticeKind
from apps.core.billing_calendar import business_date
from apps.journal import services as journal
from apps.journal.types import Message


def notify(
    user_ids: Collection[int],
    kind: NoticeKind,
    *,
    payload: Mapping[str, object],
    dedupe_key: str,
    at: datetime,
    subject: str = "",
) -> int:
    """One mail to each of these people, in their language, in the caller's transaction; returns how many are queued.

    Nobody is told twice under the same key, nobody who is not active, and nobody who does not want the kind. With a
    `subject`, such as a team's public id, nobody hears of this kind about it twice in one business day.
    """
    people = User.objects.filter(pk__in=user_ids, is_active=True)
    wanted = people.exclude(muted_kinds__contains=[kind.code]) if kind.is_optional else people
    messages = [
        Message(
            dedupe_key=f"{dedupe_key}:{user.pk}",
            kind=kind.code,
            recipient=user.email,
            payload={**payload, "reader": _reader(user)},
            quiet_key=_quiet_key(kind, user, subject, at=at) if subject else None,
        )
        for user in wanted.order_by("pk")
    ]
    return sum(journal.queue_message(message, at=at) for message in messages)


def notify_address(
    email: str,
    kind: NoticeKind,
    *,
    language: str,
    payload: Mapping[str, object],
    dedupe_key: str,
    at: datetime,
) -> bool:
    """One mail to an address that need not have an account, in the caller's transaction; False for a repeated key.

    Whoever has no account has no preferences either: only for mails that somebody asked us to send.
    """
    content = {**payload, "reader": {"language": Language(language)}}
    return journal.queue_message(Message(dedupe_key, kind.code, email, content), at=at)


def notify_at(
    email: str, kind: NoticeKind, *, user_id: int, payload: Mapping[str, object], dedupe_key: str, at: datetime
) -> bool:
    """One mail to an address of this person, in their language, in the caller's transaction; False for a repeated key,
    and for somebody who is not active or does not want the kind.
    """
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or (kind.is_optional and kind.code in user.muted_kinds):
        return False
    content = {**payload, "reader": _reader(user)}
    return journal.queue_message(Message(dedupe_key, kind.code, email, content), at=at)


def choose_kinds(user_id: int, *, muted: Collection[str]) -> None:
    """Stores which kinds the person does not want. Safe to repeat."""
    User.objects.filter(pk=user_id).update(muted_kinds=sorted(set(muted)))


def mute_kind(user_id: int, *, kind: str) -> None:
    """The person gets no more mails of this kind. Safe to repeat and at once; unknown people are ignored."""
    wanting = User.objects.filter(pk=user_id).exclude(muted_kinds__contains=[kind])
    wanting.update(muted_kinds=Func(F("muted_kinds"), Value(kind), function="array_append"))


def _quiet_key(kind: NoticeKind, user: User, subject: str, *, at: datetime) -> str:
    """One a business day. The subject as a digest, since it may be long."""
    digest = hashlib.sha256(subject.encode()).hexdigest()[:32]
    return f"{kind.code}:{user.pk}:{digest}:{business_date(at)}"


def _reader(user: User) -> dict[str, object]:
    """Whom a mail is written for; what renders it knows these names."""
    return {
        "user": user.pk,
        "name": user.name,
        "language": user.language,
        "unit": user.display_unit,
        "time_zone": user.time_zone,
    }
