from datetime import UTC, datetime, timedelta

import pytest

from apps.journal import services as journal
from apps.journal.models import OutboxMessage
from apps.journal.types import Message

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LOW = Message("low-balance:7:2026-11-21", "low_balance", "ada@example.com", {"balance": "0.5"})


def test_a_message_is_stored_once_per_key() -> None:
    assert journal.queue_message(LOW, at=NOON)
    assert not journal.queue_message(LOW, at=NOON)
    assert OutboxMessage.objects.count() == 1


def test_a_claimed_message_is_not_claimed_again_until_its_pause_is_over() -> None:
    journal.queue_message(LOW, at=NOON)

    (claimed,) = journal.claim_messages(at=NOON)

    assert (claimed.kind, claimed.recipient, claimed.payload) == ("low_balance", "ada@example.com", {"balance": "0.5"})
    assert journal.claim_messages(at=NOON + timedelta(seconds=59)) == []
    assert len(journal.claim_messages(at=NOON + timedelta(seconds=60))) == 1


def test_a_sent_message_is_done() -> None:
    journal.queue_message(LOW, at=NOON)
    (claimed,) = journal.claim_messages(at=NOON)

    journal.mark_sent(claimed.message_id, at=NOON)

    assert journal.claim_messages(at=NOON + timedelta(days=1)) == []


def test_a_message_is_given_up_after_ten_attempts() -> None:
    journal.queue_message(LOW, at=NOON)
    at = NOON
    for _ in range(10):
        at += timedelta(hours=2)
        (claimed,) = journal.claim_messages(at=at)
        journal.mark_not_sent(claimed.message_id, error="refused", at=at)

    assert journal.claim_messages(at=at + timedelta(days=1)) == []
    assert OutboxMessage.objects.get().failed_at == at
