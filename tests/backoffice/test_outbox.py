"""Operators see what waits, what left and what was given up, and let that be sent again; never what it says."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from apps.journal import services as journal
from apps.journal.errors import MessageRefused
from apps.journal.models import AuditEntry, OutboxMessage
from apps.journal.types import Message
from tests.staff import sign_in_staff

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LIST = "/admin/journal/outboxmessage/"


@pytest.fixture
def desk(client: Client) -> Client:
    sign_in_staff(client)
    return client


@pytest.fixture
def given_up() -> OutboxMessage:
    for name in ("gone", "waits"):
        journal.queue_message(Message(name, "team.invited", f"{name}@example.com", {"path": "/in/secret"}), at=NOON)
    message = OutboxMessage.objects.get(dedupe_key="gone")
    journal.note_failure(message.pk, problem=MessageRefused("550 no such user"), at=NOON)
    return message


@pytest.mark.parametrize(
    ("state", "shown"), [("waiting", ["waits"]), ("given_up", ["gone"]), ("sent", []), ("", ["waits", "gone"])]
)
def test_messages_are_listed_by_their_state(
    desk: Client, given_up: OutboxMessage, state: str, shown: list[str]
) -> None:
    rows = desk.get(f"{LIST}?state={state}").context["cl"].result_list

    assert [row.dedupe_key for row in rows if row.kind == "team.invited"] == shown


def test_what_a_message_says_stays_out_of_sight(desk: Client, given_up: OutboxMessage) -> None:
    page = desk.get(f"{LIST}{given_up.pk}/change/").content.decode()

    assert "550 no such user" in page
    assert "/in/secret" not in page


def test_what_was_given_up_is_sent_again_with_a_reason(desk: Client, given_up: OutboxMessage) -> None:
    assert desk.post(f"{LIST}{given_up.pk}/send_again/", {"reason": "Mailbox exists now."}).status_code == 302

    given_up.refresh_from_db()
    assert (given_up.failed_at, given_up.attempts) == (None, 0)
    assert AuditEntry.objects.get(act="message.sent_again").reason == "Mailbox exists now."
    assert desk.get(f"{LIST}{given_up.pk}/send_again/").status_code == 404


def test_of_a_webhook_the_host_is_shown_and_no_more(desk: Client) -> None:
    journal.add_endpoint("team_1", url="https://hooks.example/secret", kinds=["balance.low"], actor=1, at=NOON)

    page = desk.get("/admin/journal/webhookendpoint/").content.decode()
    assert "hooks.example" in page
    assert "secret" not in page
