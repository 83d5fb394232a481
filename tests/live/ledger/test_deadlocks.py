"""Four processes on the same ten wallets: the order of locks keeps deadlocks away, and without it there are some."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.live.ledger.conftest import CREDIT, LiveLedger
from tests.live.site import ROOT

pytestmark = pytest.mark.live

PROCESSES = 4
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


@dataclass
class Crowd:
    """Ten wallets and ten limits, opened in turns, so that no order of ids is an order of kinds."""

    ledger: LiveLedger
    wallets: list[int]
    limits: list[int]

    def hammer(self, way: str, calls: int) -> int:
        """So many calls in each process at once; how many went through in all."""
        owner = self.ledger.owner()

        def work(seed: int) -> int:
            told = {"way": way, "seed": seed, "owner": owner, "calls": calls}
            told |= {"wallets": self.wallets, "limits": self.limits}
            command = [sys.executable, "-m", "tests.live.ledger.hammer", self.ledger.dsn]
            done = subprocess.run(
                command, cwd=ROOT, input=json.dumps(told), capture_output=True, text=True, timeout=100, check=False
            )
            assert done.returncode == 0, done.stderr
            return int(done.stdout)

        with ThreadPoolExecutor(PROCESSES) as pool:
            return sum(pool.map(work, range(PROCESSES)))

    def deadlocks(self) -> int:
        """Since the database was made; sessions report at their end."""
        return self.ledger.number(DEADLOCKS)


@pytest.fixture
def crowd(ledger: LiveLedger) -> Crowd:
    # A deadlock is looked for after so long a wait: the sooner, the more transactions can meet one.
    ledger.connection.execute("ALTER DATABASE sluice_live_ledger SET deadlock_timeout = '20ms'")
    pairs = [(ledger.wallet(100_000 * CREDIT), ledger.number(OPEN_LIMIT)) for _ in range(10)]
    return Crowd(ledger, [wallet for wallet, _ in pairs], [limit for _, limit in pairs])


OPEN_LIMIT = "SELECT wallet_open(4::smallint, 1, 'shared', NULL)"


def test_four_processes_on_ten_wallets_meet_no_deadlock(crowd: Crowd) -> None:
    before = crowd.deadlocks()

    calls = crowd.hammer("ordered", 600)

    assert calls == 4 * 600
    assert crowd.deadlocks() == before
    assert sum(crowd.ledger.columns(wallet)[1] for wallet in crowd.wallets) == calls * CREDIT // 2
    assert {crowd.ledger.columns(account)[2] for account in crowd.wallets + crowd.limits} == {0}


def test_control_updates_in_any_order_deadlock(crowd: Crowd) -> None:
    before = crowd.deadlocks()

    done = crowd.hammer("random", 300)

    assert crowd.deadlocks() > before
    assert done == 4 * 300 - (crowd.deadlocks() - before)
