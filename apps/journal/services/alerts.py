"""Tells operators of what they must look at: one message for each alert that opens, however often it counts up."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps.journal.models import OperatorAlert, OutboxMessage
from apps.journal.services.outbox import queue_message
from apps.journal.types import Message

KIND = "operator.alert"
RECEIVER = "ALERT_WEBHOOK"
"""Whom a message to the operators' webhook is for; its address is a setting, and may change meanwhile."""


def queue_alerts(*, emails: Sequence[str], has_webhook: bool, at: datetime, at_most: int = 50) -> int:
    """Messages for the alerts that opened since the last time; how many alerts. Safe to repeat and twice at once.

    While nobody is to be told, alerts wait: whoever is named later hears of those that are still open.
    """
    ways = [(OutboxMessage.Channel.MAIL, email) for email in emails]
    ways += [(OutboxMessage.Channel.ALERT, RECEIVER)] if has_webhook else []
    if not ways:
        return 0
    with transaction.atomic():
        untold = OperatorAlert.objects.filter(told_at=None, closed_at=None)
        rows = list(untold.select_for_update(skip_locked=True).order_by("first_at")[:at_most])
        for row in rows:
            for channel, recipient in ways:
                key = f"alert:{row.pk}:{channel}:{recipient}"
                queue_message(Message(key, KIND, recipient, _content(row), channel=channel), at=at)
        OperatorAlert.objects.filter(pk__in=[row.pk for row in rows]).update(told_at=at)
    return len(rows)


def _content(row: OperatorAlert) -> dict[str, object]:
    return {
        "alert": row.kind,
        "key": row.dedupe_key,
        "details": row.details,
        "first_at": row.first_at.isoformat(),
        "path": f"/admin/journal/operatoralert/{row.pk}/change/",
    }
