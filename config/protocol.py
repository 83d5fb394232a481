"""The edge: uvicorn's HTTP protocol with limits on what a client may send, and on how long it may take over it."""

import asyncio
import http
from enum import Enum
from typing import Any

import httptools
import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 32 * 1024
MAX_TARGET_BYTES = 8 * 1024
HEAD_SECONDS = 10.0
BODY_STALL_SECONDS = 30.0
SEND_STALL_SECONDS = 60.0


class Phase(Enum):
    BETWEEN = "between two requests"
    HEAD = "in a request's head"
    BODY = "in a request's body"


class _TooLong(Exception):
    """Stops the parser; what to answer is noted beside it."""


class _Parser:
    """httptools gives up the body of a request that offers to upgrade (Java's client always offers h2c).

    We never upgrade: such a request is read again without the offer, as RFC 9110 has it.
    """

    def __init__(self, protocol: "Protocol") -> None:
        self._protocol = protocol
        self._begin()

    def _begin(self) -> None:
        self._parser = httptools.HttpRequestParser(self._protocol)
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
        self.get_method = self._parser.get_method
        self.get_http_version = self._parser.get_http_version
        self.should_keep_alive = self._parser.should_keep_alive

    def should_upgrade(self) -> bool:
        """Whether what is being read will be read again. A tunnel (CONNECT) is no offer and never ours."""
        return self._parser.should_upgrade() and self.get_method() != b"CONNECT"

    def feed_data(self, data: bytes) -> None:
        while data:
            try:
                self._parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as offer:
                if not self.should_upgrade():
                    raise
                head = self._protocol.head_without_upgrade()
                self._begin()
                data = head + data[offer.args[0] :]


class Protocol(HttpToolsProtocol):
    """Refuses long heads (431) and targets (414), and ends connections that do not come forward."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parser: Any = _Parser(self)
        self._phase = Phase.BETWEEN
        self._head_bytes = 0
        self._refusal: tuple[int, str] | None = None
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._send_timer: asyncio.TimerHandle | None = None

    # -- Size ------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._phase = Phase.HEAD
        self._head_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > MAX_TARGET_BYTES:
            self._stop_parsing(414, f"The request target is longer than {MAX_TARGET_BYTES} bytes.")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value) + 4
        if self._head_bytes > MAX_HEAD_BYTES:
            self._stop_parsing(431, f"The request's headers are longer than {MAX_HEAD_BYTES} bytes.")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._phase = Phase.BODY
        if not self.parser.should_upgrade():
            super().on_headers_complete()

    def head_without_upgrade(self) -> bytes:
        """The head that was just read, with what remains of `Connection` when nothing is offered."""
        kept = [line for line in self.headers if line[0] not in (b"upgrade", b"http2-settings", b"connection")]
        if any(name == b"connection" and b"close" in value.lower() for name, value in self.headers):
            kept.append((b"connection", b"close"))
        lines = b"".join(b"%s: %s\r\n" % line for line in kept)
        version = self.parser.get_http_version().encode()
        return b"%s %s HTTP/%s\r\n%s\r\n" % (self.parser.get_method(), self.url, version, lines)

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            self._phase = Phase.BETWEEN
            super().on_message_complete()

    def _stop_parsing(self, status: int, text: str) -> None:
        self._refusal = (status, text)
        raise _TooLong

    # -- Time ------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._allow(HEAD_SECONDS)

    def data_received(self, data: bytes) -> None:
        before = self._phase
        super().data_received(data)
        if self._phase is Phase.BETWEEN:
            self._stop_timer()
        elif not self.transport.is_closing():
            self._note_progress(before, len(data))

    def _note_progress(self, before: Phase, size: int) -> None:
        """A head has its seconds once, from its first byte; a body has them anew with each piece."""
        if self._phase is Phase.BODY:
            self._allow(BODY_STALL_SECONDS)
            return
        if before is not Phase.HEAD:
            self._allow(HEAD_SECONDS)
        # One endless header line reaches no callback: what is unparsed counts too.
        self._unparsed_bytes = size + (self._unparsed_bytes if before is Phase.HEAD else 0)
        if self._unparsed_bytes > MAX_HEAD_BYTES + MAX_TARGET_BYTES:
            self._refusal = (431, f"The request's headers are longer than {MAX_HEAD_BYTES} bytes.")
            self.send_400_response("")

    _unparsed_bytes = 0

    def _allow(self, seconds: float) -> None:
        self._deadline = self.loop.time() + seconds
        if self._timer is None:
            self._timer = self.loop.call_later(seconds, self._check_time)

    def _check_time(self) -> None:
        left = self._deadline - self.loop.time()
        if self.flow.read_paused:
            left = BODY_STALL_SECONDS  # we are the slow side
        if left > 0:
            self._timer = self.loop.call_later(left, self._check_time)
            return
        self._timer = None
        self._refusal = (408, "The request did not arrive in time.")
        self.send_400_response("")

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_send(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._send_timer is not None:
            self._send_timer.cancel()
            self._send_timer = None

    def _watch_send(self, unsent: int) -> None:
        self._send_timer = self.loop.call_later(SEND_STALL_SECONDS, self._check_send, unsent)

    def _check_send(self, unsent_before: int) -> None:
        unsent = self.transport.get_write_buffer_size()
        if unsent < unsent_before:
            self._watch_send(unsent)
        else:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        if self._send_timer is not None:
            self._send_timer.cancel()
        super().connection_lost(exc)

    # -- Refusal ---------------------------------------------------------------------------------

    def send_400_response(self, msg: str) -> None:
        """Answer in the shape of the API's errors, unless an answer is under way, and close."""
        if self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete:
            self.transport.abort()
            return
        status, text = self._refusal or (400, "The request is not valid HTTP.")
        self.transport.write(_refusal(status, text))
        self.transport.close()


def _refusal(status: int, text: str) -> bytes:
    error = {"message": text, "type": "invalid_request_error", "param": None, "code": _CODES[status]}
    body = msgspec.json.encode({"error": error})
    head = f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}\r\ncontent-type: application/json\r\n"
    return f"{head}content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body


_CODES = {
    400: "invalid_request",
    408: "request_timeout",
    414: "uri_too_long",
    431: "headers_too_large",
}
