"""Pages by cursor, newest first: a position, not an offset, so that new rows move nothing and depth costs nothing."""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Field, Model, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core.errors import Invalid

DEFAULT_SIZE: Final = 50
MAX_SIZE: Final = 200

_CURSOR: Final = re.compile(r"([<>])([0-9]{1,19}|[0-9a-f-]{36}|[0-9]{1,16}\.[0-9a-f-]{36})", re.ASCII)

T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")
M = TypeVar("M", bound=Model)


class CursorInvalid(Invalid):
    code = "cursor_invalid"
    text = _("This cursor is not one of ours. Take it from “next” or “previous” of an answer.")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Beyond which key a page begins; `newer` walks back towards the start of the list."""

    key: str
    newer: bool = False

    def as_text(self) -> str:
        raw = f"{'>' if self.newer else '<'}{self.key}"
        return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    results: Sequence[T_co]
    next: Cursor | None = None
    previous: Cursor | None = None

    def map(self, convert: Callable[[T_co], U]) -> "Page[U]":
        return Page([convert(row) for row in self.results], self.next, self.previous)


def parse_cursor(text: str) -> Cursor:
    """The cursor that `as_text` wrote; `CursorInvalid` for any other text."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise CursorInvalid from None
    match = _CURSOR.fullmatch(raw)
    if match is None:
        raise CursorInvalid
    return Cursor(key=match[2], newer=match[1] == ">")


def keyset_page(rows: QuerySet[M], *, key: str, cursor: Cursor | None, size: int = DEFAULT_SIZE) -> Page[M]:
    """One page of `rows`, the largest `key` first, in one query. `key` names a unique field; no count is taken."""
    newer = cursor is not None and cursor.newer
    if cursor is not None:
        rows = rows.filter(**{f"{key}__{'gt' if newer else 'lt'}": _position(rows.model, key, cursor)})
    found = list(rows.order_by(key if newer else f"-{key}")[: size + 1])
    more, found = len(found) > size, found[:size]
    if newer:
        found.reverse()
    return Page(
        results=found,
        next=Cursor(_text(found[-1], key)) if found and (more or newer) else None,
        previous=Cursor(_text(found[0], key), newer=True) if found and (more if newer else cursor) else None,
    )


def _position(model: type[Model], key: str, cursor: Cursor) -> object:
    field = model._meta.get_field(key)
    if not isinstance(field, Field):
        raise TypeError(f"{key} is no column to page by.")
    try:
        return field.to_python(cursor.key)
    except ValidationError:
        raise CursorInvalid from None


def _text(row: Model, key: str) -> str:
    return str(getattr(row, key))
