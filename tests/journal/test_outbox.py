"""A message is sent at least once or given up with a reason, whatever becomes of its sender."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.journal import services as journal
from apps.journal.errors import MessageNotGivenUp, MessageRefused, NotDelivered, WayClosed
from apps.journal.models import AuditEntry, OutboxMessage
from apps.journal.types import DueMessage, Message

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LOW = Message("low-balance:7:2026-11-21", "low_balance", "ada@example.com", {"balance": "0.5"})


def queue(*names: str, **terms: Any) -> None:
    for name in names:
        assert journal.queue_message(Message(name, "joke", f"{name}@example.com", {"link": "/in"}, **terms), at=NOON)


def send(channel: str = "mail", *, at: datetime = NOON, by: Callable[[DueMessage], None] = lambda message: None) -> int:
    return journal.send_due(channel, by, now=lambda: at, until=at + timedelta(seconds=8))


def failing(**problems: Exception) -> Callable[[DueMessage], None]:
    def sender(message: DueMessage) -> None:
        if message.dedupe_key in problems:
            raise problems[message.dedupe_key]

    return sender


def states() -> dict[str, str]:
    return {
        row.dedupe_key: "sent" if row.sent_at else "given up" if row.failed_at else f"waits: {row.last_error}"
        for row in OutboxMessage.objects.all()
    }


def test_a_message_is_stored_once_per_key() -> None:
    assert journal.queue_message(LOW, at=NOON)
    assert not journal.queue_message(LOW, at=NOON)
    assert OutboxMessage.objects.count() == 1


def test_a_claimed_message_is_not_claimed_again_until_its_pause_is_over() -> None:
    journal.queue_message(LOW, at=NOON)

    claimed = journal.claim_message("mail", at=NOON)

    assert claimed is not None
    assert (claimed.kind, claimed.recipient, claimed.payload) == ("low_balance", "ada@example.com", {"balance": "0.5"})
    assert journal.claim_message("mail", at=NOON + timedelta(seconds=59)) is None
    assert journal.claim_message("mail", at=NOON + timedelta(seconds=60)) is not None


def test_each_way_has_its_own_messages() -> None:
    queue("mail")
    queue("hook", channel="webhook")

    assert send("webhook") == 1
    assert states() == {"mail": "waits: ", "hook": "sent"}


def test_a_sent_message_is_done_and_what_it_said_is_gone() -> None:
    queue("a")

    assert send() == 1
    assert send(at=NOON + timedelta(days=1)) == 0
    assert OutboxMessage.objects.get().payload == {}


def test_one_message_never_holds_up_the_others() -> None:
    queue("a", "b", "c")

    assert send(by=failing(a=NotDelivered("greylisted"), b=MessageRefused("no such user"))) == 1
    assert states() == {"a": "waits: greylisted", "b": "given up", "c": "sent"}


def test_a_message_that_ends_its_sender_is_alone_with_it() -> None:
    queue("killer", "b", "c")

    with pytest.raises(ZeroDivisionError):
        send(by=failing(killer=ZeroDivisionError()))

    assert send(by=failing(killer=ZeroDivisionError())) == 2
    assert states() == {"killer": "waits: ", "b": "sent", "c": "sent"}


def test_a_message_that_ended_its_sender_ten_times_is_given_up() -> None:
    queue("killer")
    at = NOON
    for _ in range(10):
        at += timedelta(hours=2)
        with pytest.raises(ZeroDivisionError):
            send(at=at, by=failing(killer=ZeroDivisionError()))

    assert send(at=at + timedelta(hours=2)) == 0
    assert OutboxMessage.objects.get().last_error == "the sender ended before each answer"


def test_a_message_is_given_up_after_ten_attempts() -> None:
    queue("a")
    at = NOON
    for _ in range(10):
        at += timedelta(hours=2)
        send(at=at, by=failing(a=NotDelivered("busy")))

    assert send(at=at + timedelta(days=1)) == 0
    assert OutboxMessage.objects.get().failed_at == at


def test_an_outage_of_days_gives_up_nothing() -> None:
    queue("a", "b")
    tried = []

    def closed(message: DueMessage) -> None:
        tried.append(message.dedupe_key)
        raise WayClosed("connection refused")

    for half_minute in range(42):
        send(at=NOON + timedelta(seconds=30 * half_minute), by=closed)

    assert len(tried) == 21  # one attempt a minute, however many wait; two messages would have been given up by now
    OutboxMessage.objects.update(due_at=NOON)
    assert send(at=NOON + timedelta(days=3)) == 2


def test_a_round_ends_in_time_and_leaves_the_rest_to_the_next() -> None:
    queue("a", "b", "c")
    clock = iter(NOON + timedelta(seconds=second) for second in range(100))

    sent = journal.send_due("mail", lambda message: None, now=lambda: next(clock), until=NOON + timedelta(seconds=4))

    assert sent == 2


def test_of_each_receiver_only_one_message_is_under_way() -> None:
    for number, receiver in enumerate(("slow", "slow", "quick")):
        journal.queue_message(Message(str(number), "joke", receiver, channel="webhook"), at=NOON)

    claimed = journal.claim_one_each("webhook", at=NOON, at_most=10)

    assert [(message.dedupe_key, message.recipient) for message in claimed] == [("0", "slow"), ("2", "quick")]


def test_what_was_given_up_is_sent_again_when_somebody_says_so() -> None:
    queue("a")
    send(by=failing(a=MessageRefused("mailbox full")))
    message = OutboxMessage.objects.get()

    journal.send_again(message.pk, actor=7, at=NOON + timedelta(days=1), reason="has room again")

    entry = AuditEntry.objects.get()
    assert (entry.act, entry.actor_id, entry.reason) == ("message.sent_again", 7, "has room again")
    assert send(at=NOON + timedelta(days=1)) == 1
    with pytest.raises(MessageNotGivenUp):
        journal.send_again(message.pk, actor=7, at=NOON + timedelta(days=2), reason="once more")


def test_a_month_after_its_end_a_message_no_longer_says_to_whom_it_went() -> None:
    queue("sent", "refused", "waiting")
    send(by=failing(refused=MessageRefused("550 <refused@example.com> is unknown"), waiting=NotDelivered("busy")))

    assert journal.forget_recipients(at=NOON + timedelta(days=29)) == 0
    assert journal.forget_recipients(at=NOON + timedelta(days=31)) == 2

    kept = {row.dedupe_key: (row.recipient, row.payload, row.last_error) for row in OutboxMessage.objects.all()}
    assert kept["sent"] == kept["refused"] == ("", {}, "")
    assert kept["waiting"] == ("waiting@example.com", {"link": "/in"}, "busy")
    with pytest.raises(MessageNotGivenUp):
        journal.send_again(OutboxMessage.objects.get(dedupe_key="refused").pk, actor=1, at=NOON, reason="again")


def test_a_month_after_its_end_a_webhook_keeps_its_id_and_not_what_it_carried() -> None:
    journal.queue_message(Message("gone", "balance.low", "hook_1", {"data": 1}, channel="webhook"), at=NOON)
    send("webhook", by=failing(gone=MessageRefused("410")))

    journal.forget_recipients(at=NOON + timedelta(days=31))

    row = OutboxMessage.objects.get()
    assert (row.recipient, row.payload) == ("hook_1", {})
