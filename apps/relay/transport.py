"""The relay's HTTP client: HTTP/1.1 straight onto uvloop, one pool of kept connections for each channel.

Two doors, both raising httpx's transport errors: `send` for the hot path, `handle_async_request` for httpx.
A ConnectError or ConnectTimeout means that nothing was sent, a WriteError or WriteTimeout that the request was not
wholly sent; after any other error the upstream may have had all of it.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Iterable, Sequence
from functools import cache

import httpx

from apps.core.addresses import is_reachable
from apps.relay.answer import Answer
from apps.relay.connection import Connection, Pool, StaleConnection, Timeouts

__all__ = ["Answer", "RawTransport", "Timeouts"]

MAX_ANSWER_BYTES = 64 * 1024 * 1024
METHODS = frozenset((b"GET", b"POST", b"DELETE"))
REQUEST_HEADERS = frozenset(
    b"accept anthropic-beta anthropic-version api-key authorization content-type idempotency-key openai-beta "
    b"openai-organization openai-project range user-agent x-api-key x-client-request-id x-dashscope-async "
    b"x-dashscope-datainspection x-dashscope-ossresourceresolve x-dashscope-sse x-dashscope-workspace x-goog-api-key "
    b"x-request-id".split()
)
_is_clean_target = re.compile(rb"/[!-~]*").fullmatch
_has_line_break = re.compile(rb"[\r\n\0]").search


class RawTransport(httpx.AsyncBaseTransport):
    """One channel's way to its origin. Belongs to the event loop that first uses it."""

    def __init__(self, base_url: str, *, allow_private: bool, tls: ssl.SSLContext | None = None) -> None:
        url = httpx.URL(base_url)
        if url.scheme not in ("http", "https") or not url.host:
            raise httpx.UnsupportedProtocol(f"{base_url!r} is no http or https address")
        self._origin = (url.scheme, url.host, url.port)
        self._host = url.host
        self._port = url.port or (443 if url.scheme == "https" else 80)
        self._allow_private = allow_private
        self._tls = (tls or _verifying_context()) if url.scheme == "https" else None
        self._fixed = b" HTTP/1.1\r\nhost: %s\r\naccept-encoding: identity\r\n" % url.netloc
        self._pool: Pool | None = None

    @property
    def idle_count(self) -> int:
        """Connections waiting for a call."""
        return self._pool.idle_count if self._pool else 0

    async def send(
        self,
        method: bytes,
        target: bytes,
        headers: Iterable[tuple[bytes, bytes]],
        body: bytes,
        timeouts: Timeouts,
    ) -> Answer:
        """Send one request and return when the head of its answer is there.

        The caller reads the answer to its end or closes it. A pooled connection that ended before the first byte of
        the answer is replaced by a new one, once; nothing else is repeated.
        """
        request = self._request(method, target, headers, body)
        connection = self._kept().take()
        if connection is not None:
            try:
                return await _exchange(connection, request, timeouts)
            except StaleConnection:
                pass
        return await _exchange(await self._connect(timeouts.connect), request, timeouts)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if (request.url.scheme, request.url.host, request.url.port) != self._origin:
            raise httpx.UnsupportedProtocol(f"this transport only speaks to {self._host}")
        answer = await self.send(
            request.method.encode(),
            request.url.raw_path,
            request.headers.raw,
            await request.aread(),
            _timeouts_of(request),
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_AnswerStream(answer), request=request)

    async def aclose(self) -> None:
        if self._pool is not None:
            self._pool.close()

    def _kept(self) -> Pool:
        if self._pool is None:
            self._pool = Pool()
        return self._pool

    def _request(
        self, method: bytes, target: bytes, headers: Iterable[tuple[bytes, bytes]], body: bytes
    ) -> Sequence[bytes]:
        if method not in METHODS or not _is_clean_target(target):
            raise httpx.LocalProtocolError("the method or the target of the request is not allowed")
        lines = [method, b" ", target, self._fixed]
        for name, value in headers:
            if name.lower() in REQUEST_HEADERS:
                if _has_line_break(value):
                    raise httpx.LocalProtocolError("a header of the request holds a line break")
                lines += (name, b": ", value, b"\r\n")
        if body or method == b"POST":
            lines.append(b"content-length: %d\r\n" % len(body))
        lines.append(b"\r\n")
        return b"".join(lines), body

    async def _connect(self, seconds: float) -> Connection:
        try:
            async with asyncio.timeout(seconds):
                return await self._connect_any(await self._addresses())
        except TimeoutError:
            raise httpx.ConnectTimeout(f"no connection to {self._host} within {seconds} s") from None
        except (OSError, ssl.SSLError) as error:
            raise httpx.ConnectError(f"no connection to {self._host}: {error}") from error

    async def _addresses(self) -> list[str]:
        """The addresses behind the host's name, each of them permitted."""
        found = await self._kept().loop.getaddrinfo(self._host, self._port, type=1)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not all(is_reachable(address, allow_private=self._allow_private) for address in addresses):
            raise httpx.ConnectError(f"{self._host} points to an address that channels may not use")
        return addresses

    async def _connect_any(self, addresses: Sequence[str]) -> Connection:
        """Connect to the checked address itself, so that a second look-up cannot lead elsewhere."""
        *others, last = addresses
        for address in others:
            try:
                return await self._connect_to(address)
            except OSError:
                continue
        return await self._connect_to(last)

    async def _connect_to(self, address: str) -> Connection:
        pool = self._kept()
        _, connection = await pool.loop.create_connection(
            lambda: Connection(pool),
            address,
            self._port,
            ssl=self._tls,
            server_hostname=self._host if self._tls else None,
        )
        return connection


async def _exchange(connection: Connection, request: Sequence[bytes], timeouts: Timeouts) -> Answer:
    answer = connection.start(request, timeouts)
    try:
        await answer.wait_for_head()
    except asyncio.CancelledError:
        await answer.aclose()
        raise
    return answer


def _timeouts_of(request: httpx.Request) -> Timeouts:
    wanted = request.extensions.get("timeout") or {}
    default = Timeouts()
    read = wanted.get("read")
    return Timeouts(
        connect=wanted.get("connect") or default.connect,
        first_byte=read or default.first_byte,
        idle=read or default.idle,
    )


@cache
def _verifying_context() -> ssl.SSLContext:
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


class _AnswerStream(httpx.AsyncByteStream):
    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while piece := await self._answer.piece():
            yield piece

    async def aclose(self) -> None:
        await self._answer.aclose()
