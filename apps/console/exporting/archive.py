"""A ZIP that is sent on while it is packed: memory holds a piece of it, whatever its size."""

import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.console.exporting.parts import Part, Subject

PIECE_BYTES: Final = 256 * 1024
README: Final = "README.txt"


class _Outlet(io.RawIOBase):
    """Where the archive writes to: nothing can be read or sought there, only taken away."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        size = len(self._written)
        self._written += memoryview(data)  # type: ignore[arg-type]
        return len(self._written) - size

    def has_piece(self) -> bool:
        return len(self._written) >= PIECE_BYTES

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


def zip_pieces(
    parts: Sequence[Part], subject: Subject, *, language: str, done: Callable[[int], None]
) -> Iterator[bytes]:
    """The whole archive. `done` hears the number of files that are whole, with each piece and each file."""
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_entry(README, subject.at), readme(parts, subject, language=language))
        for number, part in enumerate(parts):
            with archive.open(_entry(part.name, subject.at), "w", force_zip64=True) as file:
                for text in part.pieces(subject):
                    file.write(text.encode())
                    if outlet.has_piece():
                        done(number)
                        yield outlet.take()
            done(number + 1)
    yield outlet.take()


def readme(parts: Sequence[Part], subject: Subject, *, language: str) -> str:
    """What each file is, in the person's language."""
    with override(language):
        head = [
            _("This is what Sluice keeps about you, as of %(at)s.") % {"at": subject.at.strftime("%Y-%m-%d %H:%M UTC")},
            _("Times are in UTC. Amounts are in credits. Files that end in .csv open in any spreadsheet."),
        ]
        return "\n\n".join([*head, *(f"{part.name}\n    {part.about}" for part in parts)]) + "\n"


def _entry(name: str, at: datetime) -> zipfile.ZipInfo:
    local = timezone.localtime(at)
    entry = zipfile.ZipInfo(name, local.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry
