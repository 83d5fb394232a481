"""Any httpx transport as a channel's transport: HTTP/2, proxies, and the doubles of tests."""

from collections.abc import AsyncIterator
from typing import cast

import httpx

from apps.relay.connection import Timeouts


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
