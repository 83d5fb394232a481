"""Two sweeps at the same instant tell of each limit once."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.live.site import ROOT, Site

pytestmark = pytest.mark.live

SWEEP = """
import sys, django
django.setup()
from apps.core import clock
from apps.usage.limit_alerts import tell_of_limits
print("ready", flush=True)
sys.stdin.readline()
print(tell_of_limits(at=clock.now()))
"""
USE_HALF = "UPDATE wallet_account SET debits_posted = limit_nanos / 2 WHERE id = ANY (%s) RETURNING id"
UNDO = "UPDATE wallet_account SET debits_posted = 0 WHERE id = ANY (%s) RETURNING id"
TOLD = (
    "SELECT count(*) FROM journal_outboxmessage WHERE kind = 'budget.50' AND (payload ->> 'account')::bigint = ANY (%s)"
)


def test_two_sweeps_at_once_tell_of_40_limits_40_times(site: Site, new_team: Callable[..., Any]) -> None:
    team = new_team("10", *({"name": f"t{number}", "limit": "2"} for number in range(40)))
    accounts = [token["account"] for token in team["tokens"]]
    sweep(site).communicate("go\n", timeout=60)  # of what other tests' tokens have used
    site.rows(USE_HALF, accounts)

    sweeps = [sweep(site) for _ in range(2)]
    for running in sweeps:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
    found = [int(running.communicate("go\n", timeout=60)[0]) for running in sweeps]
    told = site.one(TOLD, accounts)
    site.rows(UNDO, accounts)

    assert (sum(found), told) == (40, 40)


def test_control_two_that_look_before_they_write_tell_twice(site: Site) -> None:
    with psycopg.connect(site.dsn, autocommit=True) as one, psycopg.connect(site.dsn, autocommit=True) as other:
        one.execute("CREATE TABLE naive_told (account bigint)")
        looked = [connection.execute("SELECT count(*) FROM naive_told").fetchone() for connection in (one, other)]
        for connection, found in zip((one, other), looked, strict=True):
            if found == (0,):
                connection.execute("INSERT INTO naive_told VALUES (1)")
        told = one.execute("SELECT count(*) FROM naive_told").fetchone()
        one.execute("DROP TABLE naive_told")

    assert told == (2,)


def sweep(site: Site) -> subprocess.Popen[str]:
    """A process that waits for a word before it asks."""
    return subprocess.Popen(
        [sys.executable, "-c", SWEEP],
        cwd=ROOT,
        env=site.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
