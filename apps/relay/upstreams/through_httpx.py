"""Any httpx transport as a channel's transport: HTTP/2, proxies, and the doubles of tests."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final, cast

import httpcore
import httpx

from apps.core.addresses import is_reachable
from apps.relay.connection import Timeouts

# As many calls at once as come: the ledger limits them, a pool would only let them wait.
LIMITS: Final = httpx.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=30.0)


class ReachableOnly(httpcore.AnyIOBackend):
    """Connects to permitted addresses only, whatever a name points to at that moment."""

    def __init__(self, *, allow_private: bool) -> None:
        super().__init__()
        self._allow_private = allow_private

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  httpcore's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """To the checked address itself, so that a second look-up cannot lead elsewhere."""
        *others, last = await self._addresses(host, port)
        for address in others:
            try:
                return await super().connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError:
                continue
        return await super().connect_tcp(last, port, timeout, local_address, socket_options)

    async def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
        except OSError as error:
            raise httpcore.ConnectError(f"no address for {host}: {error}") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not all(is_reachable(address, allow_private=self._allow_private) for address in addresses):
            raise httpcore.ConnectError(f"{host} points to an address that channels may not use")
        return addresses


def new_httpx_transport(*, proxy: str | None, allow_private: bool) -> httpx.AsyncHTTPTransport:
    """HTTP/2 where the upstream offers it. A proxy looks names up itself, so only without one are they judged here."""
    transport = httpx.AsyncHTTPTransport(http2=True, proxy=proxy, limits=LIMITS)
    if proxy is None:
        transport._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=LIMITS.max_connections,
            max_keepalive_connections=LIMITS.max_keepalive_connections,
            keepalive_expiry=LIMITS.keepalive_expiry,
            http2=True,
            network_backend=ReachableOnly(allow_private=allow_private),
        )
    return transport


class HttpxAnswer:
    """An httpx response, read piece by piece."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers = [(name.lower(), value) for name, value in response.headers.raw]
        self.complete = False
        self._stream = cast(httpx.AsyncByteStream, response.stream)
        self._pieces: AsyncIterator[bytes] = aiter(self._stream)

    async def piece(self) -> bytes:
        async for piece in self._pieces:
            if piece:
                return piece
        self.complete = True
        return b""

    async def read(self, *, max_bytes: int) -> bytes:
        pieces, size = [], 0
        while piece := await self.piece():
            pieces.append(piece)
            size += len(piece)
            if size > max_bytes:
                await self.aclose()
                raise httpx.RemoteProtocolError(f"the answer is longer than {max_bytes} bytes")
        return b"".join(pieces)

    async def aclose(self) -> None:
        await self._stream.aclose()


class ThroughHttpx:
    """An `UpstreamTransport` over `httpx.AsyncBaseTransport`."""

    def __init__(self, base_url: str, transport: httpx.AsyncBaseTransport) -> None:
        self._base = httpx.URL(base_url)
        self._transport = transport

    async def send(
        self, method: bytes, target: bytes, headers: list[tuple[bytes, bytes]], body: bytes, timeouts: Timeouts
    ) -> HttpxAnswer:
        request = httpx.Request(
            method.decode(),
            self._base.copy_with(raw_path=target),
            headers=[*headers, (b"accept-encoding", b"identity")],
            content=body,
            extensions={
                "timeout": {
                    "connect": timeouts.connect,
                    "read": timeouts.first_byte,
                    "write": timeouts.idle,
                    "pool": timeouts.connect,
                }
            },
        )
        return HttpxAnswer(await self._transport.handle_async_request(request))

    async def aclose(self) -> None:
        await self._transport.aclose()
