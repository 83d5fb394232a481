"""Sends what waits in the outbox as mail: one connection a round, one mail at a time, headers that machines heed."""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from email.utils import parseaddr
from smtplib import (
    SMTPDataError,
    SMTPException,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template import TemplateDoesNotExist, TemplateSyntaxError

from apps.console.mail.notice_kinds import is_optional
from apps.console.mail.rendering import RenderedMail, render_mail
from apps.console.mail.unsubscribing import alerts_url, unsubscribe_url
from apps.core import clock
from apps.journal import services as journal
from apps.journal.errors import MessageRefused, NotDelivered, WayClosed
from apps.journal.types import DueMessage

ROUND: Final = timedelta(seconds=8)
STUCK_AFTER: Final = timedelta(minutes=10)

logger = logging.getLogger(__name__)


def send_mails() -> int:
    """One round; how many mails left. Safe to run twice at once, and to be killed: a repeat has the same Message-ID."""
    with _post_office() as connection:
        return journal.send_due(
            "mail", lambda message: _send(message, connection), now=clock.now, until=clock.now() + ROUND
        )


def message_id_of(dedupe_key: str) -> str:
    """The same for every attempt, so that a mailbox that got both shows one."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{hashlib.sha256(dedupe_key.encode()).hexdigest()[:40]}@{domain}>"


@contextmanager
def _post_office() -> Iterator[Any]:
    connection = get_connection()
    try:
        yield connection
    finally:
        _hang_up(connection)


def _hang_up(connection: Any) -> None:
    """Also what is half dead: the next mail gets a connection of its own."""
    with suppress(SMTPException, OSError):
        connection.close()


def _send(message: DueMessage, connection: Any) -> None:
    mail = _mail(message, _rendered(message), connection)
    try:
        with _answers_mapped():
            connection.open()
            connection.send_messages([mail])
    except (MessageRefused, NotDelivered):
        _hang_up(connection)
        raise
    except WayClosed as problem:
        _hang_up(connection)
        _tell_if_stuck(message, str(problem))
        raise


@contextmanager
def _answers_mapped() -> Iterator[None]:
    """What servers answer, as the outbox knows it: this receiver never, this mail not now, or nobody now.

    A sender that is refused is our own trouble: no mail would leave, and none may be given up for it.
    """
    try:
        yield
    except SMTPRecipientsRefused as refused:
        raise _by_code(*next(iter(refused.recipients.values()))) from refused
    except SMTPDataError as refused:
        raise _by_code(refused.smtp_code, refused.smtp_error) from refused
    except SMTPSenderRefused as refused:
        raise WayClosed(f"sender refused: {refused.smtp_code}") from refused
    except (SMTPNotSupportedError, ValueError) as problem:
        raise MessageRefused("the address cannot be written in a mail") from problem
    except SMTPServerDisconnected as problem:
        raise WayClosed("the server hung up") from problem
    except SMTPException as problem:
        raise WayClosed(type(problem).__name__) from problem
    except OSError as problem:
        raise WayClosed(f"no connection: {problem.strerror or type(problem).__name__}") from problem


def _by_code(code: int, text: bytes | str) -> MessageRefused | NotDelivered:
    reason = f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"
    return MessageRefused(reason) if code >= 500 else NotDelivered(reason)


def _rendered(message: DueMessage) -> RenderedMail:
    """What cannot be rendered is our defect: an alert, and a further attempt once it is mended."""
    try:
        return render_mail(message.kind, message.payload, unsubscribe=_unsubscribe(message), at=clock.now())
    except (TemplateDoesNotExist, TemplateSyntaxError, LookupError, TypeError, ValueError) as problem:
        logger.exception("mail not rendered", extra={"kind": message.kind, "outbox_message": message.message_id})
        details = {"kind": message.kind, "message": message.message_id, "error": type(problem).__name__}
        journal.raise_alert("mail-not-rendered", dedupe_key=f"mail-not-rendered:{message.kind}", details=details)
        raise NotDelivered(f"not rendered: {type(problem).__name__}") from problem


def _unsubscribe(message: DueMessage) -> str:
    """What a price alert brought ends with that alert: whoever gets it need not have an account."""
    if alerts := message.payload.get("alerts"):
        return alerts_url(alerts)
    user_id = message.payload.get("reader", {}).get("user")
    return unsubscribe_url(user_id, message.kind) if user_id and is_optional(message.kind) else ""


def _mail(message: DueMessage, rendered: RenderedMail, connection: Any) -> EmailMultiAlternatives:
    headers = {
        "Message-ID": message_id_of(message.dedupe_key),
        "Auto-Submitted": "auto-generated",
        "Content-Language": rendered.language,
    }
    if unsubscribe := _unsubscribe(message):
        headers["List-Unsubscribe"] = f"<{unsubscribe}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail = EmailMultiAlternatives(
        rendered.subject, rendered.text, to=[message.recipient], headers=headers, connection=connection
    )
    mail.attach_alternative(rendered.html, "text/html")
    return mail


def _tell_if_stuck(message: DueMessage, reason: str) -> None:
    if message.created_at < clock.now() - STUCK_AFTER:
        journal.raise_alert("mail-stuck", dedupe_key="mail-stuck", details={"reason": reason})
