"""Finds what stands in a file twice with memory that does not grow with the file: by digests on disk, in parts."""

import hashlib
import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryFile
from typing import IO, Final

PARTS: Final = 64
_RECORD: Final = struct.Struct("16s32s")  # a digest and a place such as "row 1000000, token 200"


class Repeats:
    """`add` everything, then ask `found`."""

    def __init__(self, parts: Sequence[IO[bytes]]) -> None:
        self._parts = parts

    def add(self, identity: bytes, *, place: str) -> None:
        digest = mark_of(identity)
        self._parts[digest[0] % len(self._parts)].write(_RECORD.pack(digest, place.encode()))

    def found(self) -> Iterator[tuple[bytes, str, str]]:
        """For each later place of the same thing: its mark, the place, the first place."""
        for part in self._parts:
            part.seek(0)
            first: dict[bytes, str] = {}
            while record := part.read(_RECORD.size):
                digest, padded = _RECORD.unpack(record)
                place = padded.rstrip(b"\0").decode()
                if digest in first:
                    yield digest, place, first[digest]
                first.setdefault(digest, place)


@contextmanager
def on_disk() -> Iterator[Repeats]:
    with ExitStack() as stack:
        yield Repeats([stack.enter_context(TemporaryFile()) for _ in range(PARTS)])


def mark_of(identity: bytes) -> bytes:
    return hashlib.blake2b(identity, digest_size=16).digest()
