"""Mails leave by SMTP, at least once, each on its own; what a server says decides whether they are tried again."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from apps.console.mail.sending import message_id_of, send_mails
from apps.journal import services as journal
from apps.journal.models import OperatorAlert, OutboxMessage
from apps.journal.types import Message
from tests.cast import make_user
from tests.console.mail_samples import SAMPLES
from tests.doubles.mail_server import MailServer, running_mail_server

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ADA = {"user": 7, "name": "Ada", "language": "en", "unit": "usd", "time_zone": "UTC"}


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with running_mail_server() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", running.port, 5
        settings.DEFAULT_FROM_EMAIL = "Sluice <no-reply@sluice.example>"
        settings.PUBLIC_URL = "https://sluice.example"
        yield running


def queue(*recipients: str, kind: str = "sign_in.new_device", **payload: Any) -> None:
    for recipient in recipients:
        content = {**SAMPLES.get(kind, {}), "reader": ADA, **payload}
        assert journal.queue_message(Message(f"key:{recipient}", kind, recipient, content), at=NOON)


def row(recipient: str) -> OutboxMessage:
    return OutboxMessage.objects.get(recipient=recipient)


def test_a_mail_has_both_parts_and_a_name_that_a_repeat_shares(server: MailServer) -> None:
    queue("ada@example.com")

    assert send_mails() == 1

    (mail,) = server.mails
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert mail["Subject"] == "New sign-in to your Sluice account"
    assert (mail["From"], mail["To"]) == ("Sluice <no-reply@sluice.example>", "ada@example.com")
    assert mail["Message-ID"] == message_id_of("key:ada@example.com")
    assert mail["Message-ID"].endswith("@sluice.example>")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] is None
    assert row("ada@example.com").sent_at == NOON


def test_an_optional_mail_carries_its_way_out(server: MailServer) -> None:
    queue("ada@example.com", kind="balance.low")

    send_mails()

    (mail,) = server.mails
    assert mail["List-Unsubscribe"].strip().startswith("<https://sluice.example/unsubscribe/")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_price_alert_ends_by_its_own_link_with_or_without_an_account(server: MailServer) -> None:
    queue("ada@example.com", kind="price.changed")
    queue("bob@example.com", kind="model.launched", reader={"language": "en"})
    queue("eve@example.com", kind="price.asked", reader={"language": "en"})

    send_mails()

    ways = {mail["To"]: (mail["List-Unsubscribe"] or "").strip() for mail in server.mails}
    assert ways["eve@example.com"] == ""
    for address in ("ada@example.com", "bob@example.com"):
        assert ways[address].startswith("<https://sluice.example/price-alerts/link/")


def test_one_connection_carries_a_round(server: MailServer) -> None:
    queue("a@example.com", "b@example.com", "c@example.com")

    assert send_mails() == 3
    assert sorted(server.recipients) == ["a@example.com", "b@example.com", "c@example.com"]


@pytest.mark.parametrize("where", ["at_rcpt", "at_data"])
def test_a_refusal_for_good_ends_a_mail_at_once(server: MailServer, where: str) -> None:
    getattr(server, where)["gone@example.com"] = "550 5.1.1 no such user"
    queue("gone@example.com", "ada@example.com")

    assert send_mails() == 1

    gone = row("gone@example.com")
    assert (gone.failed_at, gone.attempts, gone.last_error) == (NOON, 1, "550 5.1.1 no such user")
    assert server.recipients == ["ada@example.com"]


@pytest.mark.parametrize("where", ["at_rcpt", "at_data"])
def test_a_refusal_for_now_is_tried_again(server: MailServer, clock: Any, where: str) -> None:
    refusals = getattr(server, where)
    refusals["ada@example.com"] = "451 4.7.1 come back later"
    queue("ada@example.com", "bob@example.com")

    assert send_mails() == 1
    assert row("ada@example.com").last_error == "451 4.7.1 come back later"
    refusals.clear()
    clock.move_to(NOON + timedelta(seconds=59))
    assert send_mails() == 0
    clock.move_to(NOON + timedelta(seconds=60))
    assert send_mails() == 1
    assert server.recipients == ["bob@example.com", "ada@example.com"]


def test_a_sender_that_is_refused_ends_no_mail(server: MailServer) -> None:
    server.at_sender = "550 you may not send as this"
    queue("ada@example.com")

    assert send_mails() == 0

    ada = row("ada@example.com")
    assert (ada.failed_at, ada.attempts, ada.last_error) == (None, 0, "sender refused: 550")


def test_without_a_server_every_mail_waits_and_an_alert_says_so_after_a_while(
    server: MailServer, settings: Any, clock: Any
) -> None:
    settings.EMAIL_PORT = 1
    queue("ada@example.com")
    OutboxMessage.objects.update(created_at=NOON)

    send_mails()
    assert not OperatorAlert.objects.exists()
    clock.move_to(NOON + timedelta(minutes=11))
    send_mails()

    assert row("ada@example.com").attempts == 0
    alert = OperatorAlert.objects.get()
    assert (alert.kind, alert.details) == ("mail-stuck", {"reason": "no connection: Connection refused"})
    settings.EMAIL_PORT = server.port
    clock.move_to(NOON + timedelta(minutes=12))
    assert send_mails() == 1


@pytest.mark.parametrize(
    ("kind", "payload"),
    [("no.such_kind", {}), ("sign_in.new_device", {"at": "yesterday"}), ("balance.low", {"available": 5})],
)
def test_what_cannot_be_rendered_alerts_us_and_stops_nobody(server: MailServer, kind: str, payload: Any) -> None:
    queue("ada@example.com", kind=kind, **payload)
    queue("bob@example.com")

    assert send_mails() == 1

    assert OperatorAlert.objects.get().kind == "mail-not-rendered"
    assert row("ada@example.com").last_error.startswith("not rendered: ")
    assert server.recipients == ["bob@example.com"]


@pytest.mark.parametrize("address", ["a@b@c", "a\r\nRCPT TO:<eve@example.com>"])
def test_an_address_that_is_none_is_given_up(server: MailServer, address: str) -> None:
    queue(address, "bob@example.com")

    send_mails()

    assert server.recipients == ["bob@example.com"]
    assert row(address).sent_at is None


def test_every_kind_is_told_of_to_somebody_who_exists(server: MailServer) -> None:
    ada = make_user("ada@example.com")
    for kind in SAMPLES:
        queue(f"{kind}@example.com", kind=kind, reader={**ADA, "user": ada.pk, "language": "zh-hans"})

    assert send_mails() == len(SAMPLES)
    assert not OperatorAlert.objects.exists()
