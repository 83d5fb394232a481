"""Reads a request; a large one on a thread, so that the calls of others go on meanwhile."""

from apps.relay import counting, wire
from apps.relay.types import Ask, Endpoint, Incoming, Shape

LARGE_BYTES = 256 * 1024
"""2 ms of reading; 25 MiB take 200."""


async def read(incoming: Incoming, endpoint: Endpoint) -> tuple[Ask, Shape]:
    """What is asked, and what it holds. `BadRequest` and `EncodingNotSupported` as in `wire`."""
    if len(incoming.body) < LARGE_BYTES:
        return _read(incoming, endpoint)
    return await counting.off_loop(_read, incoming, endpoint)


def _read(incoming: Incoming, endpoint: Endpoint) -> tuple[Ask, Shape]:
    ask = wire.peek(incoming.body, endpoint, content_encoding=incoming.content_encoding)
    return ask, wire.shape_of(ask)
