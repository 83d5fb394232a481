"""Callers of the relay over real sockets, many at once, and what each of them saw."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from apps.core.ids import parse_public_id

MESSAGES = [{"role": "user", "content": "hello"}]


@dataclass
class Seen:
    """One call as its caller saw it; status 0: the connection broke before an answer."""

    status: int = 0
    call_id: UUID | None = None
    is_whole: bool = False
    """The end mark of a stream, or the whole body, arrived."""
    is_sent: bool = True
    """False: nobody took the connection."""
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


async def call(
    client: httpx.AsyncClient, url: str, key: str, model: str, *, stream: bool = False, **fields: Any
) -> Seen:
    seen = Seen()
    request = {"model": model, "messages": MESSAGES, "stream": stream, "max_tokens": 200, **fields}
    headers = {"authorization": f"Bearer {key}"}
    try:
        async with client.stream("POST", f"{url}/v1/chat/completions", json=request, headers=headers) as answer:
            seen.status, seen.headers = answer.status_code, dict(answer.headers)
            seen.call_id = parse_public_id("req", answer.headers.get("x-request-id", ""))
            async for piece in answer.aiter_raw():
                seen.body += piece
            seen.is_whole = not stream or seen.body.endswith(b"data: [DONE]\n\n")
    except httpx.ConnectError:
        seen.is_sent = False
    except httpx.TransportError:
        pass
    return seen


def together(calls: Iterable[Callable[[httpx.AsyncClient], Awaitable[Seen]]], *, at_once: int = 400) -> list[Seen]:
    """All of the calls at once, each on a connection of its own."""

    async def story() -> list[Seen]:
        limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=0)
        async with httpx.AsyncClient(limits=limits, timeout=60, trust_env=False) as client:
            return list(await asyncio.gather(*(one(client) for one in calls)))

    return asyncio.run(story())


def statuses(calls: Iterable[Seen]) -> Counter[int]:
    return Counter(seen.status for seen in calls)
