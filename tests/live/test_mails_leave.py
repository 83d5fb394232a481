"""Senders that are killed halfway lose no mail; a repeat is known by its name."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from tests.doubles.mail_server import MailServer, running_mail_server
from tests.live.site import ROOT, Site

pytestmark = pytest.mark.live

SENDER = """
import django
django.setup()
from apps.console.mail.sending import send_mails
while send_mails():
    pass
"""
# What looks simpler: first note it as sent, then send it. Killed in between, it is lost.
CARELESS = """
import django
django.setup()
from apps.console.mail import sending
from apps.core import clock
from apps.journal import services as journal
with sending._post_office() as connection:
    while message := journal.claim_message("mail", at=clock.now()):
        rendered = sending._rendered(message)
        journal.mark_sent(message.message_id, at=clock.now())
        mail = sending._mail(message, rendered, connection)
        connection.open()
        connection.send_messages([mail])
"""
# Due before whatever other tests left in the site's outbox, so that a kill always meets one of these.
QUEUE = """
    INSERT INTO journal_outboxmessage (dedupe_key, kind, recipient, payload, due_at, attempts, last_error)
    SELECT recipient, 'team.removed', recipient, '{"team": "Acme"}', now() - interval '1 year', 0, ''
    FROM unnest(%s::text[]) recipient
"""
AT_ONCE = """
    UPDATE journal_outboxmessage SET due_at = now() - interval '1 year' WHERE sent_at IS NULL AND recipient = ANY (%s)
"""
LEFT = "SELECT count(*) FROM journal_outboxmessage WHERE sent_at IS NULL AND recipient = ANY (%s)"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with running_mail_server() as running:
        yield running


def queued(site: Site, count: int) -> list[str]:
    batch = uuid4().hex[:8]
    recipients = [f"{batch}-{number}@example.com" for number in range(count)]
    with psycopg.connect(site.dsn, autocommit=True) as connection:
        connection.execute(QUEUE, [recipients])
    return recipients


def sender(site: Site, server: MailServer, script: str = SENDER) -> subprocess.Popen[bytes]:
    environment = {**site.environment, "EMAIL_URL": f"smtp://127.0.0.1:{server.port}"}
    return subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, env=environment)


def killed_halfway(site: Site, server: MailServer, script: str = SENDER) -> None:
    """The server has the mail, and the sender is killed before it hears of that."""
    server.silent.clear()
    server.silent_after = len(server.mails) + 5
    running = sender(site, server, script)
    try:
        assert server.silent.wait(60)
    finally:
        running.kill()
        running.wait()
    server.silent_after = 0


def names_by_recipient(server: MailServer, recipients: list[str]) -> dict[str, set[str]]:
    names: dict[str, set[str]] = {recipient: set() for recipient in recipients}
    for recipient, mail in zip(server.recipients, server.mails, strict=True):
        names.get(recipient, set()).add(mail["Message-ID"])
    return names


def test_every_mail_arrives_however_often_its_sender_is_killed(site: Site, server: MailServer) -> None:
    recipients = queued(site, 30)

    for _ in range(3):
        killed_halfway(site, server)
        site.rows(f"{AT_ONCE} RETURNING id", recipients)
    sender(site, server).wait(100)

    arrived = Counter(recipient for recipient in server.recipients if recipient in recipients)
    assert set(arrived) == set(recipients)
    assert site.one(LEFT, recipients) == 0
    assert 1 <= sum(arrived.values()) - 30 <= 3  # one repeat a kill at most
    assert {len(names) for names in names_by_recipient(server, recipients).values()} == {1}


def test_control_a_sender_that_notes_before_it_sends_says_what_is_not_so(site: Site, server: MailServer) -> None:
    (recipient,) = queued(site, 1)
    server.at_rcpt[recipient] = "451 come back later"

    sender(site, server, CARELESS).wait(100)

    assert recipient not in server.recipients
    assert site.one(LEFT, [recipient]) == 0


def test_two_senders_at_once_send_each_mail_once(site: Site, server: MailServer) -> None:
    recipients = queued(site, 60)

    for running in [sender(site, server) for _ in range(2)]:
        running.wait(100)

    arrived = Counter(recipient for recipient in server.recipients if recipient in recipients)
    assert arrived == Counter(recipients)
