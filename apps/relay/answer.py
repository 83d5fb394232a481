"""One call's answer from an upstream: written by the parser, read by one caller, detached when its connection is done.

An answer owns all that it received, so nothing that happens on the connection later can reach its reader.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import NoReturn, Protocol

import httptools
import httpx

MAX_HEAD_BYTES = 64 * 1024
# Reading stops while a slow consumer leaves this much behind.
HIGH_WATER_BYTES = 256 * 1024

HEADERS = frozenset(
    b"content-type content-disposition content-range accept-ranges retry-after retry-after-ms x-should-retry "
    b"x-request-id request-id apim-request-id openai-processing-ms openai-version".split()
)
HEADER_PREFIXES = (b"x-ratelimit-", b"anthropic-ratelimit-")
_FRAMING = frozenset((b"content-length", b"transfer-encoding", b"content-encoding"))


class Line(Protocol):
    """What an answer asks of the connection that feeds it."""

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def give_up(self, failure: httpx.TransportError) -> None: ...


class Answer:
    """One call's answer: written by the parser while its connection lives, read by one caller."""

    __slots__ = (
        "_failure",
        "_head_bytes",
        "_line",
        "_parser",
        "_pieces",
        "_waiter",
        "_waiting_bytes",
        "chunked",
        "complete",
        "fault",
        "head_complete",
        "headers",
        "keep_alive",
        "length",
        "status",
    )

    def __init__(self, line: Line) -> None:
        self._line: Line | None = line
        self._parser: httptools.HttpResponseParser = httptools.HttpResponseParser(self)
        self._waiter: asyncio.Future[None] | None = None
        self._failure: httpx.TransportError | None = None
        self._pieces: list[bytes] = []
        self._waiting_bytes = 0
        self.complete = self.keep_alive = False
        self.fault = ""
        self._reset_head()

    def _reset_head(self) -> None:
        self.status = self._head_bytes = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.length: int | None = None
        self.chunked = self.head_complete = False

    # -- Written by the parser -------------------------------------------------------------------

    def feed(self, received: bytes) -> bool:
        """Take bytes of the connection; True if the answer, when complete now, ended with the very last of them.

        The parser swallows CR and LF between messages without a word. So bytes that end in them, where an answer
        can end, go in two steps: an answer that is complete before its last byte has bytes left over.
        """
        last = received[-1]
        if last not in b"\r\n":
            self._parser.feed_data(received)
            return True
        if len(received) >= 4 and received.endswith(b"\r\n") and not received.endswith(b"\r\n\r\n") and self.chunked:
            self._parser.feed_data(received)
            return False  # a chunk ended here; an answer cannot
        self._parser.feed_data(received[:-1])
        was_complete = self.complete
        self._parser.feed_data(received[-1:])
        return not was_complete

    def on_message_begin(self) -> None:
        if self.complete:
            self._refuse("bytes follow the answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.head_complete:
            return  # trailers tell us nothing
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse("the head of the answer is too long")
        name = name.lower()
        if name in HEADERS or name.startswith(HEADER_PREFIXES):
            self.headers.append((name, value))
        elif name in _FRAMING:
            self._note_framing(name, value)

    def _note_framing(self, name: bytes, value: bytes) -> None:
        value = value.strip().lower()
        if name == b"content-length":
            if not value.isdigit():
                self._refuse("a Content-Length is no number")
            self.length = int(value)
        elif name == b"transfer-encoding":
            if value != b"chunked":
                self._refuse("a Transfer-Encoding is unknown")
            self.chunked = True
        elif value not in (b"identity", b""):
            self._refuse("the answer is compressed although identity was asked for")

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            if status == 101:
                self._refuse("the upstream changed the protocol")
            return
        if self.chunked and self.length is not None:
            self._refuse("the answer has both a Content-Length and a Transfer-Encoding")
        self.status = status
        self.head_complete = True
        self._wake()

    def on_body(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._waiting_bytes += len(piece)
        if self._waiting_bytes > HIGH_WATER_BYTES and self._line is not None:
            self._line.pause_reading()
        self._wake()

    def on_message_complete(self) -> None:
        if not self.head_complete:
            self._reset_head()  # an interim answer (1xx): the real one follows
            return
        self.keep_alive = self._parser.should_keep_alive()
        self._close_off()

    def ends_with_connection(self) -> bool:
        """True when only the end of the connection can end this answer."""
        return self.head_complete and self.length is None and not self.chunked

    def end_with_connection(self) -> None:
        self._close_off()

    def fail(self, failure: httpx.TransportError) -> None:
        self._failure = failure
        self._detach()

    def _close_off(self) -> None:
        self.complete = True
        self._wake()

    def _detach(self) -> None:
        """Let go of connection and parser; what was received stays readable."""
        self._line = None
        del self._parser  # it holds our methods: without this every answer would wait for the garbage collector
        self._wake()

    def finish(self) -> None:
        self._detach()

    def _refuse(self, reason: str) -> NoReturn:
        self.fault = reason
        raise httpx.RemoteProtocolError(reason)

    # -- Read by the caller ----------------------------------------------------------------------

    async def wait_for_head(self) -> None:
        while not self.head_complete:
            if self._failure is not None:
                raise self._failure
            await self._change()

    async def piece(self) -> bytes:
        """All that came since the last call, joined; empty after the end."""
        while not self._pieces:
            if self.complete:
                return b""
            if self._failure is not None:
                raise self._failure
            await self._change()
        joined = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._waiting_bytes = 0
        if self._line is not None:
            self._line.resume_reading()
        return joined

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while piece := await self.piece():
            yield piece

    async def read(self, *, max_bytes: int) -> bytes:
        """The whole body; a longer one is refused and its connection closed."""
        body = await self.piece()
        if self.complete and not self._pieces:
            return body
        pieces, size = [body], len(body)
        while piece := await self.piece():
            pieces.append(piece)
            size += len(piece)
            if size > max_bytes:
                await self.aclose()
                raise httpx.RemoteProtocolError(f"the answer is longer than {max_bytes} bytes")
        return b"".join(pieces)

    async def aclose(self) -> None:
        """Give up what is still to come. An unfinished answer takes its connection with it."""
        if self._line is not None:
            self._line.give_up(httpx.ReadError("the answer was given up"))

    async def _change(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
