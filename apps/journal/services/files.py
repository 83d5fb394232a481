"""Files in the database: encrypted, in pieces, with the fact that needs them, and gone when they expire."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import DatabaseError, transaction

from apps.core import encryption
from apps.core.key_rotation import Rewritten, RowPage, reencrypt_column
from apps.journal.errors import FileMissing
from apps.journal.models import FilePiece, StoredFile

PIECE_BYTES: Final = 256 * 1024


def store_file(
    owner: str, *, name: str, content: bytes, content_type: str, at: datetime, expires_at: datetime | None = None
) -> UUID:
    """Stores a file in the caller's transaction and returns its uid. Without `expires_at` it stays until deleted."""
    return store_pieces(owner, name=name, pieces=[content], content_type=content_type, at=at, expires_at=expires_at)


def store_pieces(
    owner: str,
    *,
    name: str,
    pieces: Iterable[bytes],
    content_type: str,
    at: datetime,
    expires_at: datetime | None = None,
) -> UUID:
    """The same for what is made while it is stored: memory holds one piece of it, whatever its size."""
    with transaction.atomic():
        file = _opened(owner, name=name, content_type=content_type, at=at, expires_at=expires_at)
        _fill(file, pieces)
    return file.uid


def store_growing(
    owner: str, *, name: str, pieces: Iterable[bytes], content_type: str, at: datetime, expires_at: datetime
) -> UUID:
    """The same for what takes minutes to make: each piece is a transaction of its own, so that none stays open long.

    What a crash leaves behind expires as the whole file would; whoever begins again calls `delete_files_of` first.
    Raises `FileMissing` when somebody deleted the file meanwhile; what is not whole goes when `pieces` raises.
    """
    file = _opened(owner, name=name, content_type=content_type, at=at, expires_at=expires_at)
    is_whole = False
    try:
        _fill(file, pieces)
        is_whole = True
    except DatabaseError as error:
        if StoredFile.objects.filter(pk=file.pk).exists():
            raise
        raise FileMissing from error
    finally:
        if not is_whole:
            StoredFile.objects.filter(pk=file.pk).delete()
    return file.uid


def set_expiry(owner: str, *, expires_at: datetime | None) -> int:
    """From when on the files of this owner may be dropped; None keeps them. Returns how many there are."""
    return StoredFile.objects.filter(owner=owner).update(expires_at=expires_at)


def delete_file(uid: UUID) -> bool:
    """Removes a file at once; False when it is gone already."""
    return StoredFile.objects.filter(uid=uid).delete()[0] > 0


def delete_files_of(owner: str) -> int:
    """Removes every file of this owner at once; returns how many there were."""
    return StoredFile.objects.filter(owner=owner).delete()[1].get(StoredFile._meta.label, 0)


def drop_expired_files(*, at: datetime, at_most: int = 100) -> int:
    """Removes files past their time, a batch a transaction, until none is left. Two runs share the work."""
    dropped = 0
    while batch := _drop_expired(at=at, at_most=at_most):
        dropped += batch
    return dropped


def reencrypt_files(page: RowPage) -> Rewritten:
    """Writes a page of pieces under the first key, in a transaction of its own. Safe to repeat."""
    return reencrypt_column(FilePiece.objects.all(), "ciphertext", page=page)


def _opened(owner: str, *, name: str, content_type: str, at: datetime, expires_at: datetime | None) -> StoredFile:
    """An empty file."""
    return StoredFile.objects.create(
        owner=owner,
        name=name,
        content_type=content_type,
        size=0,
        digest=hashlib.sha256().digest(),
        created_at=at,
        expires_at=expires_at,
    )


def _fill(file: StoredFile, pieces: Iterable[bytes]) -> None:
    digest, size = hashlib.sha256(), 0
    for number, piece in enumerate(_cut(pieces)):
        FilePiece.objects.create(file=file, number=number, ciphertext=encryption.encrypt_bytes(piece))
        digest.update(piece)
        size += len(piece)
    file.size, file.digest = size, digest.digest()
    file.save(update_fields=["size", "digest"])


def _drop_expired(*, at: datetime, at_most: int) -> int:
    with transaction.atomic():
        expired = StoredFile.objects.select_for_update(skip_locked=True).filter(expires_at__lte=at)
        ids = list(expired.order_by("expires_at").values_list("pk", flat=True)[:at_most])
        StoredFile.objects.filter(pk__in=ids).delete()
    return len(ids)


def _cut(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of one size, the last one shorter."""
    rest = bytearray()
    for piece in pieces:
        for start in range(0, len(piece), PIECE_BYTES):
            rest += piece[start : start + PIECE_BYTES]
            if len(rest) >= PIECE_BYTES:
                yield bytes(rest[:PIECE_BYTES])
                del rest[:PIECE_BYTES]
    if rest:
        yield bytes(rest)
