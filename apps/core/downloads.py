"""Files that a page hands out, sent piece by piece. What is in them, and who may have them, is the caller's matter."""

from collections.abc import AsyncIterator, Iterator
from typing import TypeVar

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

from apps.core.db import in_thread

Piece = TypeVar("Piece", str, bytes)


def attachment(request: HttpRequest, pieces: Iterator[Piece], *, name: str, content_type: str) -> StreamingHttpResponse:
    """A file to keep, never one to show: the pieces are sent while they are made, one at a time in memory.

    Under ASGI each piece is made on the threads for slow work, and neither a thread nor a connection waits while the
    reader takes his time; under WSGI the server's own thread takes one piece after the other.
    """
    content = _beside_the_loop(pieces) if isinstance(request, ASGIRequest) else pieces
    response = StreamingHttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


async def _beside_the_loop(pieces: Iterator[Piece]) -> AsyncIterator[Piece]:
    while (piece := await in_thread(_next_of, pieces)) is not None:
        yield piece


def _next_of(pieces: Iterator[Piece]) -> Piece | None:
    return next(pieces, None)
