"""No room under PostgreSQL: calls are refused in words, nothing is half written, and room heals it by itself."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from config.embedded import guard
from tests.live.callers import Seen, call, together
from tests.live.catalogue import catalogue
from tests.live.site import Site
from tests.storm import books
from tests.storm.load import Receipt

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

CREDIT = 1_000_000_000
DISK_MIB = 400
HEAL_SECONDS = 60


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of its own in memory; mounting one needs root."""
    folder = Path("/tmp") / f"sluice-disk-{os.getpid()}"  # where the server's own account may enter
    folder.mkdir()
    options = f"size={DISK_MIB}m,mode=755"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], capture_output=True, check=False)
    try:
        if mounted.returncode:
            pytest.skip("mounting a file system is not allowed here")
        yield folder
    finally:
        if not mounted.returncode:
            subprocess.run(["umount", folder], check=True)
        folder.rmdir()


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as filler, suppress(OSError):
        while filler.write(bytes(65536)):
            pass


def test_with_a_full_disk_calls_are_refused_and_with_room_all_is_booked(small_disk: Path, upstream: str) -> None:
    with Site(small_disk, database="full") as site:
        site.seed({"catalogue": catalogue(upstream)})
        (team,) = site.seed({"teams": [{"name": "Acme", "credits": "10000", "tokens": [{"name": "a"}]}]})["teams"]
        one = partial(call, url=site.start_web().url, key=team["tokens"][0]["secret"], model="fixed")
        before = together([one] * 10)

        fill(small_disk / "filler")
        without = [seen for _ in range(5) for seen in together([one] * 10)]
        (small_disk / "filler").unlink()

        assert guard.wait_until(lambda: books.open_holds(site) == 0, HEAL_SECONDS)
        after = together([one] * 10)
        assert costs(before) == costs(after) == ["1"] * 10
        assert {seen.status for seen in without} == {200, 503}
        refused = [seen for seen in without if seen.status == 503]
        assert {seen.status for seen in without[-10:]} == {503}
        assert {json.loads(seen.body)["error"]["code"] for seen in refused} == {"server_is_overloaded"}
        # Charges that were held up came with their answers too late; after those nothing new began.
        assert costs(without).count(None) - len(refused) <= 10
        # Whoever was answered, with a cost or without, was charged once; whoever was refused was not.
        answered = [seen for seen in (*before, *without, *after) if seen.status == 200]
        assert books.receipts_broken(site, [receipt(seen) for seen in answered]) == []
        assert books.rules_broken(site) == []
        assert books.figures(site).charged == len(answered)
        site.manage("verify_ledger")


def costs(calls: list[Seen]) -> list[str | None]:
    return [seen.headers.get("x-sluice-cost") for seen in calls]


def receipt(seen: Seen) -> Receipt:
    assert seen.call_id is not None
    return Receipt(seen.call_id, CREDIT, CREDIT if "x-sluice-cost" in seen.headers else None)
