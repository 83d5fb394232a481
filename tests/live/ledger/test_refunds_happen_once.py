"""A refund happens once or not at all: whatever cuts it off, however often and by how many it is repeated."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import psycopg
import pytest

from tests.live.ledger.conftest import LiveLedger

pytestmark = pytest.mark.live
CALLERS = 8
START = 1000
"""What the program's wallets have before the act, in credits."""


def told(ledger: LiveLedger, *words: str) -> list[dict[str, Any]]:
    """What the program said, one line after another."""
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": ledger.dsn}
    done = subprocess.run(
        [sys.executable, "-m", "tests.live.ledger.refunds", *words],
        env={**os.environ, **environment, "DATABASE_DIRECT_URL": ledger.dsn},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("act", "after"),
    [("charge refund", 1500), ("lot refund", 500), ("approved refund", 2500)],
)
def test_an_act_cut_off_after_any_statement_is_done_once_when_repeated(
    ledger: LiveLedger, act: str, after: int
) -> None:
    tries = told(ledger, "cut", act)

    assert len(tries) > 10
    assert [line["cut"] for line in tries] == [True] * (len(tries) - 1) + [False]
    assert {line["seen"] for line in tries} == {START, after}
    assert {line["finally"] for line in tries} == {after}


def test_eight_at_once_refund_once_under_one_key_never_beyond_the_charge_and_approve_once(ledger: LiveLedger) -> None:
    same, different, approved = told(ledger, "race")

    assert len(set(same["answers"])) == 1
    assert same["finally"] == START + 500
    assert sorted(answer == "too large" for answer in different["answers"]) == [False] * 3 + [True] * 5
    assert different["finally"] == START + 2000
    assert sorted(approved["answers"]) == ["carried out"] + ["decided"] * 7
    assert approved["finally"] == START + 1500


def test_without_the_lock_eight_refunds_exceed_the_charge(ledger: LiveLedger) -> None:
    """The control: each looks at what was given back before it writes, and none waits for the others."""
    ledger.connection.execute("CREATE TABLE naive_refund (amount bigint)")
    all_have_looked = Barrier(CALLERS)

    def refund(_: int) -> None:
        with psycopg.connect(ledger.dsn) as connection:
            row = connection.execute("SELECT coalesce(sum(amount), 0) FROM naive_refund").fetchone()
            all_have_looked.wait(30)
            if row is not None and row[0] + 500 <= 2000:
                connection.execute("INSERT INTO naive_refund VALUES (500)")

    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(refund, range(CALLERS)))

    assert ledger.number("SELECT sum(amount) FROM naive_refund") == 4000
    ledger.connection.execute("DROP TABLE naive_refund")
