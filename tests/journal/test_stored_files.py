"""Files are kept encrypted, in pieces, as whole as they came, and until their time is over."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from cryptography.fernet import Fernet
from django.db import IntegrityError, connection, transaction

from apps.core import encryption
from apps.core.ids import uuid7
from apps.core.key_rotation import RowPage
from apps.journal import queries, tasks
from apps.journal import services as journal
from apps.journal.errors import FileDamaged, FileMissing
from apps.journal.models import FilePiece, MaintenanceRun, StoredFile

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PIECE = 256 * 1024


def store(content: bytes = b"%PDF-1.7 passport", *, owner: str = "ver_a", expires_at: datetime | None = None) -> UUID:
    return journal.store_file(
        owner, name="front.pdf", content=content, content_type="application/pdf", at=NOON, expires_at=expires_at
    )


def content_of(uid: UUID) -> bytes:
    return b"".join(queries.pieces_of(uid))


def test_a_file_comes_back_as_it_was_stored() -> None:
    uid = store(b"abc")

    found = queries.file_by_uid(uid)

    assert content_of(uid) == b"abc"
    assert (found.owner, found.name, found.content_type, found.size) == ("ver_a", "front.pdf", "application/pdf", 3)
    assert (found.created_at, found.expires_at) == (NOON, None)


def test_a_large_file_is_cut_into_pieces_of_256_kib() -> None:
    content = bytes(range(256)) * 2500  # 640,000 bytes: two pieces of 262,144 and one of 115,712

    uid = store(content)

    assert [len(piece) for piece in queries.pieces_of(uid)] == [PIECE, PIECE, 115_712]
    assert content_of(uid) == content


def test_a_file_may_be_larger_than_two_gib() -> None:
    uid = store()

    StoredFile.objects.filter(uid=uid).update(size=2**31)

    assert queries.file_by_uid(uid).size == 2**31


def test_an_empty_file_is_a_file() -> None:
    uid = store(b"")

    assert content_of(uid) == b""
    assert queries.file_by_uid(uid).size == 0


def test_what_is_made_while_it_is_stored_is_never_whole_in_memory() -> None:
    alive: list[int] = []

    def rows() -> Iterator[bytes]:
        for _ in range(10):
            alive.append(FilePiece.objects.count())
            yield b"x" * 100_000

    uid = journal.store_pieces("team_a", name="export.csv", pieces=rows(), content_type="text/csv", at=NOON)

    assert alive == [0, 0, 0, 1, 1, 1, 2, 2, 3, 3]
    assert content_of(uid) == b"x" * 1_000_000


def test_no_piece_shows_what_it_holds() -> None:
    store(b"11010519491231002X" * 1000)

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM journal_filepiece WHERE position('110105'::bytea IN ciphertext) > 0")
        assert cursor.fetchone() == (0,)


def test_a_file_is_stored_with_the_fact_or_not_at_all() -> None:
    with transaction.atomic():
        store()
        transaction.set_rollback(True)

    assert not StoredFile.objects.exists()
    assert not FilePiece.objects.exists()


def test_pieces_that_were_swapped_are_noticed() -> None:
    uid = store(b"a" * PIECE + b"b")
    first, second = FilePiece.objects.order_by("number")
    FilePiece.objects.filter(pk=first.pk).update(ciphertext=second.ciphertext)

    with pytest.raises(FileDamaged):
        content_of(uid)


def test_a_missing_end_is_noticed() -> None:
    uid = store(b"a" * PIECE + b"b")
    FilePiece.objects.filter(number=1).delete()

    with pytest.raises(FileDamaged):
        content_of(uid)


def test_a_number_stands_for_one_piece() -> None:
    store()
    piece = FilePiece.objects.get()

    with pytest.raises(IntegrityError, match="file_piece_once"):
        FilePiece.objects.create(file_id=piece.file_id, number=0, ciphertext=b"x")


def test_a_deleted_file_is_gone_with_its_pieces() -> None:
    uid = store()

    assert journal.delete_file(uid)
    assert not journal.delete_file(uid)
    assert not FilePiece.objects.exists()
    with pytest.raises(FileMissing):
        queries.file_by_uid(uid)
    with pytest.raises(FileMissing):
        content_of(uid)


def test_an_owner_sees_and_deletes_its_own_files_only() -> None:
    mine = [store(b"1"), store(b"2")]
    other = store(owner="ver_b")

    assert [file.uid for file in queries.files_of("ver_a")] == mine
    assert journal.delete_files_of("ver_a") == 2
    assert queries.files_of("ver_a") == []
    assert queries.file_by_uid(other).owner == "ver_b"


def test_files_go_at_their_instant_and_not_before() -> None:
    ended = store(expires_at=NOON)
    running = store(expires_at=NOON + timedelta(seconds=1))
    kept = store()

    assert journal.drop_expired_files(at=NOON) == 1

    assert set(StoredFile.objects.values_list("uid", flat=True)) == {running, kept}
    assert not StoredFile.objects.filter(uid=ended).exists()


def test_more_than_a_batch_goes_in_one_run() -> None:
    for _ in range(5):
        store(expires_at=NOON)

    assert journal.drop_expired_files(at=NOON, at_most=2) == 5
    assert journal.drop_expired_files(at=NOON) == 0


def test_an_owner_decides_later_when_its_files_go() -> None:
    store()
    store(owner="ver_b")

    assert journal.set_expiry("ver_a", expires_at=NOON + timedelta(days=1)) == 1

    assert journal.drop_expired_files(at=NOON + timedelta(days=2)) == 1
    assert [file.owner for file in StoredFile.objects.all()] == ["ver_b"]


def test_the_nightly_run_is_recorded() -> None:
    store(expires_at=NOON)

    assert tasks.drop_expired_files() == 1
    assert MaintenanceRun.objects.get(job="expired_files").outcome == "finished"


def test_an_unknown_uid_is_missing() -> None:
    with pytest.raises(FileMissing):
        queries.file_by_uid(uuid7())


def test_files_outlive_the_key_they_were_written_with(settings) -> None:  # type: ignore[no-untyped-def]
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [old]
    uids = [store(b"a" * PIECE + b"b"), store(b"c")]

    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    first = journal.reencrypt_files(RowPage(at_most=2))
    journal.reencrypt_files(RowPage(after=first.last or 0, at_most=2))
    settings.FIELD_ENCRYPTION_KEYS = [new]

    assert [content_of(uid) for uid in uids] == [b"a" * PIECE + b"b", b"c"]


def test_a_lost_key_is_named(settings) -> None:  # type: ignore[no-untyped-def]
    uid = store()
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(encryption.KeyGone):
        content_of(uid)
