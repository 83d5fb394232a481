"""The bare forwarder: uvicorn and the raw client, no key, no money, no checks. What ours is compared with."""

import json
import os
from typing import Any
from urllib.parse import urlsplit

import uvicorn

from tests.bench.rawclient import Pool

_upstream = urlsplit(os.environ.get("BENCH_UPSTREAM", "http://127.0.0.1:1"))
_pools: list[Pool] = []


async def app(scope: Any, receive: Any, send: Any) -> None:
    message = await receive()
    body = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    if not _pools:
        _pools.append(Pool(_upstream.hostname or "127.0.0.1", _upstream.port or 80))
    line = await _pools[0].post(scope["path"].encode(), body)
    if json.loads(body).get("stream"):
        await _stream(line, send)
        return
    whole = b"".join([piece async for piece in line.read()])
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(whole))]
    await send({"type": "http.response.start", "status": line.status, "headers": headers})
    await send({"type": "http.response.body", "body": whole})


async def _stream(line: Any, send: Any) -> None:
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": line.status, "headers": headers})
    async for piece in line.read():
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body"})


if __name__ == "__main__":
    uvicorn.run(
        app, port=int(os.environ["PORT"]), loop="uvloop", http="httptools", ws="none", lifespan="off", access_log=False,
        log_level="warning",
    )  # fmt: skip
