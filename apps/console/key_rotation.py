"""Every encrypted column of the platform, and the round over them after a new encryption key was put first."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from apps.accounts import services as accounts
from apps.core.key_rotation import Rewritten, RowPage
from apps.journal import services as journal
from apps.journal.types import Act
from apps.relay import services as relay
from apps.verification import services as verification


@dataclass(frozen=True, slots=True)
class EncryptedColumn:
    """One column, the service of its app that rewrites a page of it, and how many rows fit into a transaction."""

    name: str
    reencrypt: Callable[[RowPage], Rewritten]
    rows_a_page: int = 100


# An app that stores something encrypted adds its columns here; a test finds those that are missing.
ENCRYPTED_COLUMNS: Final = (
    EncryptedColumn("relay.ChannelKey.ciphertext", relay.reencrypt_channel_keys),
    EncryptedColumn("mfa.Authenticator.data", accounts.reencrypt_second_factors),
    EncryptedColumn("journal.FilePiece.ciphertext", journal.reencrypt_files, rows_a_page=20),  # of 350 kB each
    EncryptedColumn("verification.Verification.sealed", verification.reencrypt_particulars),
    EncryptedColumn("verification.SubjectKey.ciphertext", verification.reencrypt_subject_key),
    EncryptedColumn("journal.WebhookEndpoint.ciphertext", journal.reencrypt_endpoint_secrets),
    EncryptedColumn("journal.WebhookEndpoint.previous_ciphertext", journal.reencrypt_previous_endpoint_secrets),
)


@dataclass(frozen=True, slots=True)
class ColumnCount:
    """How far a round over one column has come."""

    rows: int = 0
    rewritten: int = 0
    busy: tuple[int, ...] = ()
    unreadable: tuple[int, ...] = ()

    def plus(self, page: Rewritten) -> "ColumnCount":
        return ColumnCount(
            rows=self.rows + page.rows,
            rewritten=self.rewritten + page.rewritten,
            busy=self.busy + page.busy,
            unreadable=self.unreadable + page.unreadable,
        )


def go_round(column: EncryptedColumn, *, dry_run: bool) -> Iterator[ColumnCount]:
    """Rewrites the column page by page and yields the count after each; the last one stands for the whole.

    Whoever stops listening stops the round between two pages; the next round finds what is left.
    """
    count = ColumnCount()
    page = RowPage(at_most=column.rows_a_page, dry_run=dry_run)
    yield count
    while (done := column.reencrypt(page)).last is not None:
        count = count.plus(done)
        page = replace(page, after=done.last)
        yield count


def record_round(counts: dict[str, ColumnCount], *, at: datetime) -> None:
    """Leaves in the audit trail that secrets were rewritten, and how many."""
    details = {name: count.rewritten for name, count in counts.items()}
    journal.record_act(Act("secrets.reencrypted", "encryption", "", details=details), at=at)
