"""Verifications that run at once, or are killed, add nothing twice and leave nothing out. Real processes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from apps.core.locks import lock_number
from config.embedded import guard
from tests import databases
from tests.live.ledger.conftest import LiveLedger
from tests.live.site import ROOT

pytestmark = pytest.mark.live
NAME = "sluice_live_watch"
FEES = """
    INSERT INTO wallet_transfer (id, wallet_id, kind, debit_account, credit_account, amount_nanos, at)
    SELECT wallet_new_id(), %(wallet)s, 11, %(wallet)s, 1, 7, now() - interval '30 minutes' * i / %(fees)s
    FROM generate_series(1, %(fees)s) i
"""
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@pytest.fixture
def books() -> Iterator[LiveLedger]:
    """A database of its own: entries of half an hour ago must not come behind the mark of an earlier test."""
    server = os.environ["DATABASE_URL"]
    dsn = databases.copy(server, NAME)
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield LiveLedger(dsn, connection)
    databases.drop(server, NAME)


def charged(books: LiveLedger, fees: int) -> int:
    """A wallet that paid so many fees of 7 nanocredits within the last half hour."""
    wallet = books.wallet(1_000_000)
    books.connection.execute(FEES, {"wallet": wallet, "fees": fees})
    books.connection.execute("UPDATE wallet_account SET debits_posted = %s WHERE id = %s", [7 * fees, wallet])
    return wallet


def begun(books: LiveLedger) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "verify_ledger"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": books.dsn, "DATABASE_DIRECT_URL": books.dsn},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def held_up(books: LiveLedger, runs: int) -> Iterator[list[subprocess.Popen[str]]]:
    """So many verifications, all waiting to add to the checkpoints; the end of the block lets them go on."""
    with psycopg.connect(books.dsn) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [lock_number("wallet.checkpoints")])
        begun_runs = [begun(books) for _ in range(runs)]
        assert guard.wait_until(lambda: books.number(WAITING) == runs, 60)
        yield begun_runs


def summed(books: LiveLedger, wallet: int) -> int:
    """What the checkpoint and what came after it say together."""
    return books.number(
        "SELECT coalesce((SELECT debits FROM wallet_checkpoint WHERE account_id = %s), 0)"
        " + coalesce(sum(amount_nanos), 0) FROM wallet_transfer, wallet_checkpoint_mark"
        " WHERE debit_account = %s AND at >= summed_until",
        wallet,
        wallet,
    )


def test_two_verifications_at_once_add_every_transfer_once(books: LiveLedger) -> None:
    wallet = charged(books, 900)

    with held_up(books, 2) as runs:
        pass

    assert [run.communicate(timeout=60)[0] for run in runs] == ["The ledger is right.\n"] * 2
    assert books.number("SELECT debits FROM wallet_checkpoint WHERE account_id = %s", wallet) > 0
    assert summed(books, wallet) == 6300


def test_a_verification_that_is_killed_leaves_its_work_to_the_next(books: LiveLedger) -> None:
    wallet = charged(books, 300)

    with held_up(books, 1) as (run,):
        run.kill()
        run.communicate(timeout=60)

    again = begun(books)
    assert again.communicate(timeout=60)[0] == "The ledger is right.\n"
    assert summed(books, wallet) == 2100
    assert books.number("SELECT count(*) FROM journal_maintenancerun WHERE ended_at IS NULL") == 1
