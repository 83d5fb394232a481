"""Messages to send, stored with the fact they tell of; a sender that dies loses none.

Every message is sent at least once or given up with a reason. A sender that dies after sending and before noting it
sends again, under the same id.
"""

import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from apps.journal.errors import MessageNotGivenUp, MessageRefused, NotDelivered, WayClosed
from apps.journal.models import OutboxMessage
from apps.journal.services.trail import record_act
from apps.journal.types import Act, DueMessage, Message

ATTEMPTS = 10
CLOSED_FOR = timedelta(minutes=1)
REMEMBERED_FOR = timedelta(days=30)
DIED_EACH_TIME = "the sender ended before each answer"


def queue_message(message: Message, *, at: datetime) -> bool:
    """Stores a message once per `dedupe_key` and once per `quiet_key`; False when it was already there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO journal_outboxmessage "
            "(dedupe_key, quiet_key, channel, kind, recipient, payload, due_at, attempts, last_error) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, 0, '') ON CONFLICT DO NOTHING",
            [
                message.dedupe_key,
                message.quiet_key,
                message.channel,
                message.kind,
                message.recipient,
                json.dumps(dict(message.payload)),
                at,
            ],
        )
        return bool(cursor.rowcount)


def claim_message(channel: str, *, at: datetime) -> DueMessage | None:
    """Takes the message that is due longest and pushes its next attempt ahead: a sender that dies loses none.

    Two senders never claim the same message. The pause doubles with each attempt, up to an hour; after ten attempts
    the message is given up, also one that killed its sender each time.
    """
    with transaction.atomic():
        _give_up_killers(channel, at=at)
        return next(iter(_claimed(_due(channel, at=at).order_by("due_at")[:1], at=at)), None)


def claim_one_each(channel: str, *, at: datetime, at_most: int) -> list[DueMessage]:
    """The same for several at once, of each recipient the oldest: who answers slowly holds up only what is his."""
    with transaction.atomic():
        _give_up_killers(channel, at=at)
        oldest = OutboxMessage.objects.filter(channel=channel, sent_at=None, failed_at=None, due_at__lte=at)
        oldest = oldest.order_by("recipient", "id").distinct("recipient")
        return _claimed(_due(channel, at=at).filter(pk__in=oldest.values("pk")).order_by("due_at")[:at_most], at=at)


def send_due(channel: str, send: Callable[[DueMessage], None], *, now: Callable[[], datetime], until: datetime) -> int:
    """Hands due messages to `send`, one by one, each in its own claim: what one of them does to its sender leaves the
    others alone. Returns how many were sent; stops when none is due, at `until`, and when the way is closed.

    `send` raises `MessageRefused`, `NotDelivered` or `WayClosed`, or has sent.
    """
    sent = 0
    while now() < until and (message := claim_message(channel, at=now())):
        try:
            send(message)
        except (MessageRefused, NotDelivered) as problem:
            note_failure(message.message_id, problem=problem, at=now())
        except WayClosed as problem:
            put_back(message.message_id, error=str(problem), at=now())
            hold_back(channel, until=now() + CLOSED_FOR)
            break
        else:
            mark_sent(message.message_id, at=now())
            sent += 1
    return sent


def mark_sent(message_id: int, *, at: datetime) -> None:
    """Notes the success and drops the content: it may carry a link that lets somebody in."""
    OutboxMessage.objects.filter(pk=message_id, sent_at=None).update(sent_at=at, last_error="", payload={})


def note_failure(message_id: int, *, problem: MessageRefused | NotDelivered, at: datetime) -> None:
    """Keeps the reason; gives up what was refused for good, or when the attempts are used up."""
    message = OutboxMessage.objects.filter(pk=message_id, sent_at=None)
    message.update(last_error=str(problem)[:200])
    ended = message if isinstance(problem, MessageRefused) else message.filter(attempts__gte=ATTEMPTS)
    ended.update(failed_at=at)


def put_back(message_id: int, *, error: str, at: datetime) -> None:
    """The attempt does not count: nothing could have been sent. An outage of days gives up nothing."""
    row = OutboxMessage.objects.filter(pk=message_id, sent_at=None, attempts__gt=0)
    row.update(attempts=F("attempts") - 1, due_at=at + CLOSED_FOR, last_error=error[:200])


def hold_back(channel: str, *, until: datetime, recipient: str | None = None) -> None:
    """Nothing is tried before `until`, all of a way or of one recipient: each attempt would wait in vain."""
    waiting = OutboxMessage.objects.filter(channel=channel, sent_at=None, failed_at=None, due_at__lt=until)
    (waiting if recipient is None else waiting.filter(recipient=recipient)).update(due_at=until)


def give_up_all(channel: str, *, recipient: str, error: str, at: datetime) -> int:
    """Ends what waits for a recipient that is gone; how many that were."""
    waiting = OutboxMessage.objects.filter(channel=channel, recipient=recipient, sent_at=None, failed_at=None)
    return waiting.update(failed_at=at, last_error=error[:200])


def forget_recipients(*, at: datetime) -> int:
    """Empties the address and the content of what was sent, or given up, over 30 days ago; the line itself stays.

    The reason goes too: mail servers quote the address in it. A webhook keeps its id, which is nobody's address.
    Returns how many mails. Safe to repeat.
    """
    ended = OutboxMessage.objects.filter(Q(sent_at__lt=at - REMEMBERED_FOR) | Q(failed_at__lt=at - REMEMBERED_FOR))
    ended.filter(channel=OutboxMessage.Channel.WEBHOOK).exclude(payload={}).update(payload={})
    mails = ended.exclude(channel=OutboxMessage.Channel.WEBHOOK)
    return mails.exclude(recipient="").update(recipient="", payload={}, last_error="")


def send_again(message_id: int, *, actor: int, at: datetime, reason: str) -> None:
    """Lets a message that was given up have ten attempts more, and records who did. Raises `MessageNotGivenUp`."""
    with transaction.atomic():
        given_up = OutboxMessage.objects.filter(pk=message_id, sent_at=None, failed_at__isnull=False)
        given_up = given_up.exclude(recipient="")
        if not given_up.update(failed_at=None, attempts=0, due_at=at):
            raise MessageNotGivenUp
        record_act(Act("message.sent_again", "outboxmessage", str(message_id), actor_id=actor, reason=reason), at=at)


def _due(channel: str, *, at: datetime) -> QuerySet[OutboxMessage]:
    rows = OutboxMessage.objects.select_for_update(skip_locked=True)
    return rows.filter(channel=channel, sent_at=None, failed_at=None, due_at__lte=at)


def _give_up_killers(channel: str, *, at: datetime) -> None:
    _due(channel, at=at).filter(attempts__gte=ATTEMPTS).update(failed_at=at, last_error=DIED_EACH_TIME)


def _claimed(rows: Iterable[OutboxMessage], *, at: datetime) -> list[DueMessage]:
    taken = list(rows)
    for row in taken:
        row.attempts += 1
        row.due_at = at + min(timedelta(seconds=30 * 2**row.attempts), timedelta(hours=1))
    OutboxMessage.objects.bulk_update(taken, ["attempts", "due_at"])
    return [
        DueMessage(
            message_id=row.pk,
            kind=row.kind,
            recipient=row.recipient,
            payload=row.payload,
            attempts=row.attempts,
            channel=row.channel,
            dedupe_key=row.dedupe_key,
            created_at=row.created_at,
        )
        for row in taken
    ]
