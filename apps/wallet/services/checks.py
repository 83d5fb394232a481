"""Whether the books are right."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from apps.wallet import invariants
from apps.wallet.types import Violation


def ledger_violations() -> list[str]:
    """A sentence for each row that breaks a rule of the ledger; empty when it is right. Takes its time."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '10min'")
        return invariants.violations()


def check_ledger(*, is_full: bool = False, again: Sequence[int] = ()) -> list[Violation]:
    """Asks every rule of what is new since the last check, and of the wallets `again`; a full one trusts no other.

    Safe to repeat, to kill and to run twice at once. Runs transactions of its own, so call it outside of one. What
    changed stays new until `note_checked`, so that nothing wrong is forgotten, nor what a caller who died had found.
    """
    return invariants.check(is_full=is_full, again=again)


def note_checked(until: datetime) -> None:
    """What changed before `until`, read before a check began, was checked and found right."""
    invariants.note_checked(until)


def complete_until() -> datetime:
    """The instant before which no transfer can appear any more."""
    return invariants.settled_until()


def ledger_warnings() -> list[str]:
    """What is still right and will not stay so."""
    return invariants.warnings()
