"""Operators hear of each alert that opens, once, by mail and through their own webhook."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from apps.journal import services as journal
from apps.journal.deliveries import send_alerts
from apps.journal.models import OperatorAlert, OutboxMessage
from tests.doubles.receiver import running_receiver

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def open_alert(key: str = "ledger", **details: object) -> None:
    journal.raise_alert("ledger.broken", dedupe_key=key, details=details or {"rows": 3})


def tell(*emails: str, has_webhook: bool = False) -> int:
    return journal.queue_alerts(emails=emails, has_webhook=has_webhook, at=NOON)


def test_an_alert_is_told_when_it_opens_and_not_when_it_counts_up() -> None:
    open_alert()
    open_alert()

    assert tell("ops@example.com", "night@example.com") == 1
    open_alert()
    assert tell("ops@example.com", "night@example.com") == 0

    rows = OutboxMessage.objects.order_by("recipient")
    assert [row.recipient for row in rows] == ["night@example.com", "ops@example.com"]
    assert rows[0].payload["alert"] == "ledger.broken"
    assert rows[0].payload["details"] == {"rows": 3}


def test_the_same_trouble_after_it_was_closed_is_told_again() -> None:
    open_alert()
    tell("ops@example.com")
    journal.close_alert(OperatorAlert.objects.get().pk, actor=1, at=NOON, reason="mended")

    open_alert()

    assert tell("ops@example.com") == 1


def test_alerts_wait_until_somebody_is_named() -> None:
    open_alert()
    open_alert("other")
    journal.close_alert(OperatorAlert.objects.get(dedupe_key="other").pk, actor=1, at=NOON, reason="mended")

    assert tell() == 0
    assert tell("ops@example.com") == 1


def test_the_operators_webhook_gets_a_line_of_text_and_all_there_is() -> None:
    open_alert()
    tell(has_webhook=True)

    with running_receiver(None) as receiver:
        assert send_alerts(f"http://127.0.0.1:{receiver.port}/x", now=lambda: NOON) == 1

    body = json.loads(receiver.bodies[0])
    assert body["text"] == 'ledger.broken: {"rows": 3}'
    assert body["url"].endswith("/change/")
    assert (body["key"], body["details"]) == ("ledger", {"rows": 3})


def test_a_webhook_that_is_away_for_days_gets_all_of_it_later() -> None:
    open_alert()
    tell(has_webhook=True)
    for hours in range(30):
        assert send_alerts("http://127.0.0.1:1/", now=lambda h=hours: NOON + timedelta(hours=h)) == 0

    with running_receiver(None) as receiver:
        assert send_alerts(f"http://127.0.0.1:{receiver.port}/", now=lambda: NOON + timedelta(days=3)) == 1
