"""The least that can forward: a keep-alive HTTP/1.1 client without time-outs, checks or limits. Only a yardstick."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import httptools


class _Line(asyncio.Protocol):
    def __init__(self, pool: "Pool") -> None:
        self.pool = pool
        self.closed = False
        self.waiter: asyncio.Future[None] | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def start(self, request: bytes) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.status, self.pieces, self.complete = 0, deque[bytes](), False
        self.transport.write(request)

    def data_received(self, received: bytes) -> None:
        self.parser.feed_data(received)

    def on_headers_complete(self) -> None:
        self.status = self.parser.get_status_code()
        self._wake()

    def on_body(self, piece: bytes) -> None:
        self.pieces.append(piece)
        self._wake()

    def on_message_complete(self) -> None:
        self.complete = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        waiter, self.waiter = self.waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def change(self) -> None:
        if self.closed:
            raise ConnectionError("the upstream ended the connection")
        self.waiter = self.pool.loop.create_future()
        await self.waiter

    async def read(self) -> AsyncIterator[bytes]:
        while self.pieces or not self.complete:
            if self.pieces:
                yield b"".join(self.pieces)
                self.pieces.clear()
            else:
                await self.change()
        self.pool.idle.append(self)


class Pool:
    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.idle: list[_Line] = []
        self.loop = asyncio.get_running_loop()

    async def post(self, target: bytes, body: bytes) -> _Line:
        line = self.idle.pop() if self.idle else None
        if line is None or line.closed:
            _, line = await self.loop.create_connection(lambda: _Line(self), self.host, self.port)
        head = b"POST %s HTTP/1.1\r\nhost: %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        line.start(head % (target, self.host.encode(), len(body)) + body)
        while not line.status:
            await line.change()
        return line
