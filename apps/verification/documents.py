"""Uploaded documents: what they really are, by their first bytes as well as by their names. Decodes no picture.

A PDF that hides its script well enough gets past this; it is therefore never shown, only handed out as a file.
"""

import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePath
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.verification.errors import DocumentRefused
from apps.verification.types import MOST_BYTES, MOST_DOCUMENTS, CheckedDocument, Upload

LEAST_SIDE: Final = 100
MOST_SIDE: Final = 12_000
MOST_PIXELS: Final = 50_000_000

_ACTIVE: Final = (
    b"JavaScript",
    b"Launch",
    b"EmbeddedFile",
    b"RichMedia",
    b"XFA",
    b"GoToE",
    b"SubmitForm",
    b"ImportData",
)
_MOST_INFLATED: Final = 8 * 1024 * 1024
_MOST_PACKED: Final = 256 * 1024
_COST_OF_A_LOOK: Final = 4096


def _spelled(name: bytes) -> bytes:
    """The name with each letter written plainly or as `#4a`: what a PDF allows, in one pass over it."""
    return b"".join(b"(?:%c|#%02x|#%02X)" % (letter, letter, letter) for letter in name)


_DOES_SOMETHING: Final = re.compile(b"/(?:%s)" % b"|".join(map(_spelled, _ACTIVE)))
_ENCRYPTED: Final = re.compile(b"/%s" % _spelled(b"Encrypt"))
_MOST_SEGMENTS: Final = 10_000
_START_OF_FRAME: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True)
class Format:
    content_type: str
    extensions: tuple[str, ...]


PDF: Final = Format("application/pdf", ("pdf",))
JPEG: Final = Format("image/jpeg", ("jpg", "jpeg"))
PNG: Final = Format("image/png", ("png",))
WEBP: Final = Format("image/webp", ("webp",))
EXTENSIONS: Final = tuple(extension for known in (PDF, JPEG, PNG, WEBP) for extension in known.extensions)


def checked_documents(uploads: Sequence[Upload]) -> tuple[CheckedDocument, ...]:
    """The same files under names of ours. Raises `DocumentRefused` with the field and what to do instead."""
    if len(uploads) > MOST_DOCUMENTS:
        raise DocumentRefused(uploads[MOST_DOCUMENTS].role, _("Attach at most four files."))
    return tuple(_checked(upload, number) for number, upload in enumerate(uploads, 1))


def _checked(upload: Upload, number: int) -> CheckedDocument:
    found = format_of(upload.content)
    problem = _problem_of(upload, found)
    if problem is not None or found is None:
        raise DocumentRefused(upload.role, problem or UNKNOWN)
    name = f"{upload.role}-{number}.{found.extensions[0]}"
    return CheckedDocument(name=name, content_type=found.content_type, content=upload.content)


UNKNOWN: Final = _("Attach a PDF, JPEG, PNG or WebP file. What is inside decides, not only the name.")


def _problem_of(upload: Upload, found: Format | None) -> str | Promise | None:
    extension = PurePath(upload.name).suffix.removeprefix(".").lower()
    if len(upload.content) > MOST_BYTES:
        return _("This file is larger than 5 MiB. Attach a smaller one.")
    if found is None or extension not in EXTENSIONS:
        return UNKNOWN
    if extension not in found.extensions:
        return _("The name of this file says something else than what is inside. Save it again under its own type.")
    if found is PDF:
        return _problem_of_pdf(upload.content)
    return _problem_of_picture(size_of_picture(upload.content))


def format_of(content: bytes) -> Format | None:
    """By the first bytes; None for everything that is not accepted."""
    if content.startswith((b"%PDF-1.", b"%PDF-2.")):
        return PDF
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    return WEBP if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else None


def size_of_picture(content: bytes) -> tuple[int, int] | None:
    """Width and height as the head of the file says; None when it says nothing readable."""
    found = format_of(content)
    if found is PNG and content[12:16] == b"IHDR":
        return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    if found is JPEG:
        return _size_of_jpeg(content)
    return _size_of_webp(content) if found is WEBP else None


def _problem_of_picture(size: tuple[int, int] | None) -> str | Promise | None:
    if size is None:
        return _("This picture cannot be read. Save it again, or attach another one.")
    width, height = size
    if min(size) < LEAST_SIDE:
        return _("This picture is too small to be read. Attach one of at least 100 pixels on each side.")
    if max(size) > MOST_SIDE or width * height > MOST_PIXELS:
        return _("This picture is too large to be shown. Attach one of at most 12,000 pixels on a side.")
    return None


def _problem_of_pdf(content: bytes) -> str | Promise | None:
    if b"%%EOF" not in content[-4096:]:
        return _("This PDF is incomplete. Save it again, or attach a picture of the document.")
    if _ENCRYPTED.search(content):
        return _("This PDF is protected by a password. Attach one without.")
    if any(_DOES_SOMETHING.search(part) for part in chain([content], _packed(content))):
        return _("This PDF contains a script or an attached file. Print it to a new PDF and attach that.")
    return None


def _packed(content: bytes) -> Iterator[bytes]:
    """What the compressed object streams of a PDF hold, up to a bound."""
    left, place = _MOST_INFLATED, 0
    while left > 0 and (place := content.find(b"/ObjStm", place)) != -1:
        start = content.find(b"stream", place)
        if start == -1:
            return
        place = start + len(b"stream")
        inflated = _inflated(content[place : place + _MOST_PACKED].lstrip(b"\r\n"), left)
        left -= len(inflated) + _COST_OF_A_LOOK  # many small ones end it too
        yield inflated


def _inflated(packed: bytes, at_most: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, at_most)
    except zlib.error:
        return b""


def _size_of_jpeg(content: bytes) -> tuple[int, int] | None:
    """Walks the segments to the start of the frame."""
    place = 2
    for _segment in range(_MOST_SEGMENTS):
        if place + 9 > len(content) or content[place] != 0xFF:
            return None
        marker = content[place + 1]
        if marker in _START_OF_FRAME:
            height, width = struct.unpack_from(">2H", content, place + 5)
            return width, height
        length = int.from_bytes(content[place + 2 : place + 4], "big")
        place += 1 if marker == 0xFF else 2 + max(length, 2)
    return None


def _size_of_webp(content: bytes) -> tuple[int, int] | None:
    kind = content[12:16]
    if kind == b"VP8X":
        return int.from_bytes(content[24:27], "little") + 1, int.from_bytes(content[27:30], "little") + 1
    if kind == b"VP8L" and content[20:21] == b"\x2f":
        bits = int.from_bytes(content[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and content[23:26] == b"\x9d\x01\x2a":
        return int.from_bytes(content[26:28], "little") & 0x3FFF, int.from_bytes(content[28:30], "little") & 0x3FFF
    return None
