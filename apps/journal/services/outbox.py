"""Messages to send, stored with the fact they tell of; a sender that dies loses none."""

import json
from datetime import datetime, timedelta

from django.db import connection, transaction

from apps.journal.models import OutboxMessage
from apps.journal.types import DueMessage, Message

ATTEMPTS = 10


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


def claim_messages(*, at: datetime, at_most: int = 50) -> list[DueMessage]:
    """Takes due messages and pushes their next attempt ahead, so that a sender that dies loses none.

    Two senders never claim the same message. The pause doubles with each attempt, up to an hour; after ten attempts
    the message is given up.
    """
    with transaction.atomic():
        rows = list(
            OutboxMessage.objects.select_for_update(skip_locked=True)
            .filter(sent_at=None, failed_at=None, due_at__lte=at)
            .order_by("due_at")[:at_most]
        )
        for row in rows:
            row.attempts += 1
            row.due_at = at + min(timedelta(seconds=30 * 2**row.attempts), timedelta(hours=1))
        OutboxMessage.objects.bulk_update(rows, ["attempts", "due_at"])
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
        for row in rows
    ]


def mark_sent(message_id: int, *, at: datetime) -> None:
    """Notes the success and drops the content: it may carry a link that lets somebody in."""
    OutboxMessage.objects.filter(pk=message_id, sent_at=None).update(sent_at=at, last_error="", payload={})


def mark_not_sent(message_id: int, *, error: str, at: datetime) -> None:
    """Keeps the reason; gives up when the attempts are used up."""
    OutboxMessage.objects.filter(pk=message_id).update(last_error=error[:200])
    OutboxMessage.objects.filter(pk=message_id, attempts__gte=ATTEMPTS).update(failed_at=at)


def give_up(message_id: int, *, error: str, at: datetime) -> None:
    """Ends a message that no further attempt would help, and keeps the reason."""
    OutboxMessage.objects.filter(pk=message_id, sent_at=None).update(last_error=error[:200], failed_at=at)
