"""Coming from another system, on committed data: keys that go on working, an import that is killed or runs twice."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from apps.core.ids import uuid7
from tests.live.callers import call, statuses, together
from tests.live.catalogue import catalogue
from tests.live.site import ROOT, Site, Web

pytestmark = pytest.mark.live

BALANCES = "source_id,email,type,quota\n"
TOKENS = "email,name,key,unlimited,remain_quota,used_quota\n"
LOTS = (
    "SELECT count(*), coalesce(sum(l.amount_nanos), 0) FROM wallet_lot l JOIN wallet_posting p USING (transfer_id) "
    "WHERE p.key LIKE %s"
)


@pytest.fixture(scope="module")
def site(upstream: str) -> Iterator[Site]:
    with Site(Path(os.environ["SLUICE_STATE_DIR"]) / "live", database="moving") as running:
        running.seed({"catalogue": catalogue(upstream)})
        yield running


@pytest.fixture
def own_site() -> Iterator[Site]:
    """A database of the test's own, with bob@example.com."""
    with Site(Path(os.environ["SLUICE_STATE_DIR"]) / "live", database="moved") as running:
        running.manage("create_user", "--email", "bob@example.com", "--password", "correct horse battery")
        yield running


@pytest.fixture(scope="module")
def webs(site: Site) -> list[Web]:
    """Two processes, each on a port of its own."""
    return [site.start_web(), site.start_web()]


@pytest.fixture
def email(site: Site) -> str:
    address = f"{uuid7()}@example.com"
    site.manage("create_user", "--email", address, "--password", "correct horse battery")
    return address


Bring = Callable[[str, str], str]


@pytest.fixture
def bring(site: Site, tmp_path: Path) -> Bring:
    """Imports balances, then tokens."""

    def run(balances: str, tokens: str = "") -> str:
        (tmp_path / "balances.csv").write_text(BALANCES + balances)
        (tmp_path / "tokens.csv").write_text(TOKENS + tokens)
        return site.manage("import_balances", str(tmp_path / "balances.csv"), "--tokens", str(tmp_path / "tokens.csv"))

    return run


def answers(web: Web, key: str, times: int = 1) -> Any:
    """How many answers of each status; one credit each."""
    return statuses(together([partial(call, url=web.url, key=key, model="fixed")] * times))


def is_soon(webs: list[Web], key: str, status: int) -> bool:
    """Whether every process answers so within a second; a busy machine slows the calls as it slows the site."""
    started = now = time.monotonic()
    slowest = 0.0
    while any(set(answers(web, key)) != {status} for web in webs):
        assert now - started < 60
        slowest, now = max(slowest, time.monotonic() - now), time.monotonic()
    return time.monotonic() - started < 1 + 10 * slowest


def test_an_old_key_goes_on_working_until_its_limit_and_ends_within_a_second(
    site: Site, webs: list[Web], email: str, bring: Bring
) -> None:
    key = f"{uuid7().hex}Old"
    assert [set(answers(web, key)) for web in webs] == [{401}, {401}]

    # US$1 is 7 credits. 71.429 and a bit of them remained to the key, 2 were used; a call costs one.
    bring(f"{uuid7()},{email},recharge,50000000\n", f"{email},bot,{key},false,5102071,142857\n")

    assert is_soon(webs, f"sk-{key}", 200)
    seen = sum((answers(web, key, times=50) for web in webs), start=Counter())
    assert set(seen) == {200, 402}
    ((token_id, spent),) = site.rows(
        "SELECT t.id, a.debits_posted FROM relay_apitoken t JOIN wallet_account a ON a.id = t.account_id WHERE t.legacy"
    )
    assert spent == 71_000_000_000
    site.seed({"delete_tokens": [token_id]})
    assert is_soon(webs, f"sk-{key}", 401)


def rows_of(email: str, prefix: str, count: int) -> str:
    return "".join(f"{prefix}-{number},{email},recharge,500000\n" for number in range(count))


@contextmanager
def importing(site: Site, file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """An import that has written its first rows and goes on."""
    command = [sys.executable, "manage.py", "import_balances", str(file)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=ROOT, env=site.environment, stdout=quiet, stderr=quiet) as running:
        try:
            while site.rows(LOTS, "migration:%")[0][0] == 0:
                assert running.poll() is None
                time.sleep(0.01)
            yield running
        finally:
            running.kill()


def test_an_import_that_was_killed_goes_on_where_it_was(own_site: Site, tmp_path: Path) -> None:
    file = tmp_path / "balances.csv"
    file.write_text(BALANCES + rows_of("bob@example.com", "row", 300))
    with importing(own_site, file) as running:
        running.send_signal(signal.SIGKILL)
        running.wait()
    done = own_site.rows(LOTS, "migration:%")[0][0]

    said = own_site.manage("import_balances", str(file))

    assert 0 < done < 300
    assert done % 25 == 0
    assert f"recharge {300 - done:,}" in " ".join(said.split("Imported now")[1].split())
    assert own_site.rows(LOTS, "migration:%") == [(300, 300 * 7_000_000_000)]


def test_two_imports_at_once_import_each_row_once(site: Site, email: str, tmp_path: Path) -> None:
    prefix, file = uuid7().hex, tmp_path / "balances.csv"
    file.write_text(BALANCES + rows_of(email, prefix, 100))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: site.manage("import_balances", str(file)), range(2)))

    assert site.rows(LOTS, f"migration:{prefix}%") == [(100, 100 * 7_000_000_000)]


def test_a_long_file_takes_no_more_memory_than_a_short_one(site: Site, email: str, tmp_path: Path) -> None:
    """The last row is bad, so that both are judged whole and nothing is written."""
    used = []
    for count in (1_000, 40_000):
        file = tmp_path / f"{count}.csv"
        file.write_text(BALANCES + rows_of(email, "many", count) + "bad\n")
        measured = (
            "import os, resource, subprocess, sys; "
            "subprocess.run([sys.executable, 'manage.py', 'import_balances', sys.argv[1]], capture_output=True); "
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        )
        done = subprocess.run(
            [sys.executable, "-c", measured, str(file)],
            cwd=ROOT,
            env=site.environment,
            capture_output=True,
            text=True,
            timeout=110,
            check=True,
        )
        used.append(int(done.stdout) // 1024)

    assert used[1] - used[0] < 16


def test_an_import_that_is_writing_is_waited_for_and_the_end_is_final(own_site: Site, tmp_path: Path) -> None:
    file = tmp_path / "balances.csv"
    file.write_text(BALANCES + rows_of("bob@example.com", "row", 3000))
    with importing(own_site, file) as running:
        own_site.manage("import_balances", "--close", "--yes")
        assert running.wait(60) == 1

    done, granted = own_site.rows(LOTS, "migration:%")[0]
    assert 0 < done < 3000
    assert done % 25 == 0
    assert granted == done * 7_000_000_000
    with pytest.raises(AssertionError, match="The standard quota type no longer exists"):
        own_site.manage("import_balances", str(file))
    assert own_site.rows(LOTS, "migration:%")[0][0] == done
