"""Arrays in PostgreSQL's binary form, packed a column at a time: what keeps a batch of 200 calls cheap to send."""

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

from psycopg.abc import Buffer
from psycopg.adapt import Dumper, PyFormat
from psycopg.pq import Format

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NULL = struct.pack(">i", -1)


@dataclass(frozen=True, slots=True)
class Packed:
    """One array parameter, ready to send."""

    oid: int
    data: bytes


class PackedDumper(Dumper):
    """Passes the bytes on as they are; one dumper for each array type, because the type goes with the parameter."""

    format = Format.BINARY

    def get_key(self, obj: Packed, format: PyFormat) -> tuple[type, int]:  # type: ignore[override]  # noqa: A002
        return (Packed, obj.oid)

    def upgrade(self, obj: Packed, format: PyFormat) -> Dumper:  # noqa: A002
        dumper = PackedDumper(Packed)
        dumper.oid = obj.oid
        return dumper

    def dump(self, obj: Packed) -> Buffer:
        return obj.data


@dataclass(frozen=True, slots=True)
class _Kind:
    """A type of PostgreSQL: its id, that of its arrays, its layout of fixed size, how a value gets ready for it."""

    oid: int
    array_oid: int
    code: str = ""
    prepare: Callable[[object], object] | None = None


def _uuid_bytes(value: object) -> bytes:
    if not isinstance(value, UUID):
        raise TypeError(f"{value!r} is not a UUID")
    return value.bytes


def _microseconds(value: object) -> int:
    if not isinstance(value, datetime):
        raise TypeError(f"{value!r} is not an instant")
    return (value - _EPOCH) // _MICROSECOND


def _text_bytes(value: object) -> bytes:
    return str(value).encode()


_KINDS = {
    "boolean": _Kind(16, 1000, "?"),
    "smallint": _Kind(21, 1005, "h"),
    "integer": _Kind(23, 1007, "i"),
    "bigint": _Kind(20, 1016, "q"),
    "uuid": _Kind(2950, 2951, "16s", _uuid_bytes),
    "timestamptz": _Kind(1184, 1185, "q", _microseconds),
    "text": _Kind(25, 1009, "", _text_bytes),
    "bytea": _Kind(17, 1001),
}


@lru_cache(maxsize=4096)
def _layout(code: str, count: int) -> struct.Struct:
    return struct.Struct(">5i" + f"i{code}" * count)


def pack(type_name: str, values: Sequence[object]) -> Packed:
    """An array of a known type; other types travel as text. Raises `TypeError` or `struct.error` for a wrong value."""
    kind = _KINDS.get(type_name, _KINDS["text"])
    if not values:
        return Packed(kind.array_oid, struct.pack(">3i", 0, 0, kind.oid))
    if None in values:
        return Packed(kind.array_oid, _with_nulls(kind, values))
    ready = values if kind.prepare is None else [kind.prepare(value) for value in values]
    return Packed(kind.array_oid, _fixed(kind, ready) if kind.code else _varying(kind, ready))


def _fixed(kind: _Kind, ready: Sequence[object]) -> bytes:
    count = len(ready)
    fields: list[object] = [struct.calcsize(">" + kind.code)] * (2 * count)
    fields[1::2] = ready
    return _layout(kind.code, count).pack(1, 0, kind.oid, count, 1, *fields)


def _varying(kind: _Kind, ready: Iterable[object]) -> bytes:
    pieces = [struct.pack(">i", len(value)) + value for value in ready if isinstance(value, bytes)]
    return _head(kind, len(pieces), has_nulls=False) + b"".join(pieces)


def _with_nulls(kind: _Kind, values: Sequence[object]) -> bytes:
    return _head(kind, len(values), has_nulls=True) + b"".join(_element(kind, value) for value in values)


def _element(kind: _Kind, value: object) -> bytes:
    if value is None:
        return _NULL
    ready = value if kind.prepare is None else kind.prepare(value)
    data = struct.pack(">" + kind.code, ready) if kind.code else ready
    if not isinstance(data, bytes):
        raise TypeError(f"{value!r} does not fit")
    return struct.pack(">i", len(data)) + data


def _head(kind: _Kind, count: int, *, has_nulls: bool) -> bytes:
    return struct.pack(">5i", 1, int(has_nulls), kind.oid, count, 1)
