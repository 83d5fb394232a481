"""A small real SMTP server in a thread: keeps what it took, and refuses whom it is told to refuse."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

from aiosmtpd.controller import Controller

SILENCE_SECONDS = 60


@dataclass
class MailServer:
    """`at_rcpt` and `at_data` say what a recipient is answered, such as `550 no such user`."""

    port: int = 0
    mails: list[Message] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    at_rcpt: dict[str, str] = field(default_factory=dict)
    at_data: dict[str, str] = field(default_factory=dict)
    at_sender: str = ""
    silent_after: int = 0
    """Takes so many mails; of the last of these it never says so. 0: always answers."""
    silent: threading.Event = field(default_factory=threading.Event)

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.at_sender or "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        if address in self.at_rcpt:
            return self.at_rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        (recipient,) = envelope.rcpt_tos
        if recipient in self.at_data:
            return self.at_data[recipient]
        self.recipients.append(recipient)
        self.mails.append(message_from_bytes(envelope.content))
        if len(self.mails) == self.silent_after:
            self.silent.set()
            await asyncio.sleep(SILENCE_SECONDS)
        return "250 OK"


class _OnAnyPort(Controller):
    """Takes a free port, and tells which."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def running_mail_server() -> Iterator[MailServer]:
    double = MailServer()
    controller = _OnAnyPort(double, hostname="127.0.0.1", port=0)
    controller.start()
    double.port = controller.port
    try:
        yield double
    finally:
        controller.stop()
