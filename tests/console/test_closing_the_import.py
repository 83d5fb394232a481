"""The end of the import is final: nothing comes in afterwards, and nothing takes that back."""

import builtins
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from apps.journal.models import AuditEntry
from apps.wallet.models import Lot
from tests.cast import make_user
from tests.console.moves import Move

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledger_checked")]

ROW = "1,bob@example.com,standard,500000\n"
GONE = "The standard quota type no longer exists."


@pytest.fixture
def move(tmp_path: Path) -> Move:
    make_user("bob@example.com")
    return Move(tmp_path)


def test_afterwards_the_type_no_longer_exists_and_recharge_is_closed_too(move: Move) -> None:
    said = move.run("--close", "--yes")

    assert said.startswith("Closed for good on 20")
    for row in (ROW, ROW.replace("standard", "recharge")):
        move.csv(row)
        assert move.refusal.startswith(GONE)
        assert "The import of balances was closed for good on 20" in move.refusal
        assert "recharge balances and tokens are not imported any more either" in move.refusal
    assert not Lot.objects.exists()


def test_a_dry_run_and_tokens_are_refused_too(move: Move) -> None:
    move.run("--close", "--yes")

    move.csv(ROW, "--dry-run", "--skip-bad")
    assert move.refusal.startswith(GONE)
    move.run("--tokens", move.file("email,name,key,unlimited,remain_quota,used_quota\n", "tokens.csv"))
    assert move.refusal.startswith(GONE)


def test_closing_again_changes_nothing(move: Move) -> None:
    move.run("--close", "--yes")

    said = move.run("--close")

    assert said.startswith("It was closed for good on 20")
    assert AuditEntry.objects.filter(act="balances.import_closed").count() == 1


def test_what_was_imported_before_stays(move: Move) -> None:
    move.csv(ROW)

    move.run("--close", "--yes")

    assert Lot.objects.count() == 1


@pytest.mark.parametrize(("typed", "is_closed"), [("close", True), ("yes", False), ("", False)])
def test_without_yes_the_word_has_to_be_typed(
    move: Move, monkeypatch: pytest.MonkeyPatch, typed: str, is_closed: bool
) -> None:
    monkeypatch.setattr(builtins, "input", lambda _prompt: typed)

    said = move.run("--close")

    assert "nothing takes that back" in said
    assert (move.refusal == "") is is_closed
    assert AuditEntry.objects.filter(act="balances.import_closed").exists() is is_closed


def test_where_nobody_can_type_nothing_is_closed(move: Move, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr(builtins, "input", nobody)

    move.run("--close")

    assert move.refusal == "Nothing was closed. Type the word, or say --yes."


def test_it_closes_on_its_own(move: Move) -> None:
    move.csv(ROW, "--close", "--yes")

    assert move.refusal == "Close on its own, after the last import: leave out the files."
    assert not AuditEntry.objects.filter(act="balances.import_closed").exists()


@pytest.mark.parametrize("change", ["DELETE FROM journal_auditentry", "UPDATE journal_auditentry SET act = 'x'"])
def test_the_database_keeps_the_end(move: Move, change: str) -> None:
    move.run("--close", "--yes")

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
