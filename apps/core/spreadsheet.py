"""CSV that a spreadsheet opens without harm, sent piece by piece. What the columns are is each export's own matter."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from django.http import HttpRequest, StreamingHttpResponse

from apps.core.downloads import attachment

# What Excel, LibreOffice and Sheets read as the beginning of a formula, the full-width signs of Chinese input included.
_STARTS_FORMULA: Final = frozenset("=+-@\t\r\n|%＝＋－＠")


def safe_text(text: str) -> str:
    """Text that somebody wrote, so that no spreadsheet takes it for a formula; numbers of ours need no such care."""
    return f"'{text}" if _STARTS_FORMULA.intersection(text[:1] + text.lstrip()[:1]) else text


def instant_text(at: datetime) -> str:
    """An instant in UTC to the microsecond, as programs and spreadsheets read it: `2026-05-09T02:00:00.000000Z`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """The rows as RFC 4180 has them."""
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()


def download(request: HttpRequest, pieces: Iterator[str], *, name: str) -> StreamingHttpResponse:
    """Sends the pieces while they are made, one at a time in memory.

    See `downloads.attachment`.
    """
    return attachment(request, pieces, name=name, content_type="text/csv; charset=utf-8")
