"""CSV that a spreadsheet opens without harm, sent piece by piece. What the columns are is each export's own matter."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Final

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

from apps.core.db import in_thread

# What Excel, LibreOffice and Sheets read as the beginning of a formula, the full-width signs of Chinese input included.
_STARTS_FORMULA: Final = frozenset("=+-@\t\r\n|%＝＋－＠")


def safe_text(text: str) -> str:
    """Text that somebody wrote, so that no spreadsheet takes it for a formula; numbers of ours need no such care."""
    return f"'{text}" if _STARTS_FORMULA.intersection(text[:1] + text.lstrip()[:1]) else text


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """The rows as RFC 4180 has them."""
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()


def download(request: HttpRequest, pieces: Iterator[str], *, name: str) -> StreamingHttpResponse:
    """Sends the pieces while they are made, one at a time in memory.

    Under ASGI each piece is made on the threads for slow work, and neither a thread nor a connection waits while the
    reader takes his time; under WSGI the server's own thread takes one piece after the other.
    """
    content = _beside_the_loop(pieces) if isinstance(request, ASGIRequest) else pieces
    response = StreamingHttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


async def _beside_the_loop(pieces: Iterator[str]) -> AsyncIterator[str]:
    while (piece := await in_thread(_next_of, pieces)) is not None:
        yield piece


def _next_of(pieces: Iterator[str]) -> str | None:
    return next(pieces, None)
