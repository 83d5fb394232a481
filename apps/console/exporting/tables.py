"""How a file of an export is written: rows as CSV that no spreadsheet misreads, documents as JSON. Pure."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Final

from apps.core.spreadsheet import csv_text, instant_text, safe_text

ROWS_A_PIECE: Final = 500


def records(found: Iterable[object], head: Sequence[str]) -> Iterator[str]:
    """A table of values by the names of their fields."""
    return table(head, ([getattr(record, name) for name in head] for record in found))


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Piece by piece, whatever the number of rows."""
    yield csv_text([head])
    left = iter(rows)
    while piece := list(islice(left, ROWS_A_PIECE)):
        yield csv_text([_cell(value) for value in row] for row in piece)


def document(content: object) -> Iterator[str]:
    yield json.dumps(content, ensure_ascii=False, indent=2, default=_plain) + "\n"


def line(content: object) -> str:
    """What has a shape of its own, in one cell."""
    return json.dumps(content, ensure_ascii=False, default=_plain)


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return safe_text(value) if isinstance(value, str) else value


def _plain(value: object) -> str:
    return instant_text(value) if isinstance(value, datetime) else str(value)
