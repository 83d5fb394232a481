"""No room under PostgreSQL: calls are refused in words, nothing is half written, and room heals it by itself."""

import json
import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg
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
FILE_BYTES = 24 << 20  # more than a segment of the write-ahead log
HEAL_SECONDS = 60


# Copies of a call's row under other ids of that instant, until the file of its month is full. The statement fails as a
# whole: what stays is a file without room, and not one row more.
COPIES = """
INSERT INTO usage_record
SELECT copied.*
FROM (SELECT * FROM usage_record LIMIT 1) one,
    generate_series(1, 1000000) number,
    concat(left(one.id::text, 15), '000-8000-', lpad(to_hex(number), 12, '0')) new_id,
    jsonb_populate_record(null::usage_record, to_jsonb(one) || jsonb_build_object('id', new_id)) copied
"""


@dataclass(frozen=True, slots=True)
class Room:
    """A site of its own, and how the room under its database is used up and given back."""

    site: Site
    use_up: Callable[[], object]
    give_back: Callable[[], object]


@pytest.fixture
def small_disk() -> Iterator[Room]:
    """A file system of its own in memory; mounting one needs root."""
    folder = own_folder("disk")
    options = f"size={DISK_MIB}m,mode=755"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], capture_output=True, check=False)
    try:
        if mounted.returncode:
            pytest.skip("mounting a file system is not allowed here; the limit on files is tried instead")
        with Site(folder, database="full") as site:
            filler = folder / "filler"
            yield Room(site, partial(fill, filler), filler.unlink)
    finally:
        if not mounted.returncode:
            subprocess.run(["umount", folder], check=True)
        folder.rmdir()


@pytest.fixture
def small_files() -> Iterator[Room]:
    """A server that may write no file larger than a limit, which anybody may set; started again, it has none."""
    folder = own_folder("files")
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        with files_of_at_most(FILE_BYTES):
            site = stack.enter_context(Site(folder, database="full"))
        yield Room(site, partial(grow, site), site.database.restart)


@pytest.fixture(params=["small_disk", "small_files"])
def room(request: pytest.FixtureRequest) -> Room:
    found: Room = request.getfixturevalue(request.param)
    return found


def own_folder(name: str) -> Path:
    folder = Path("/tmp") / f"sluice-{name}-{os.getpid()}"  # where the server's own account may enter
    folder.mkdir(mode=0o755)
    return folder


@contextmanager
def files_of_at_most(limit: int) -> Iterator[None]:
    """For us and for whatever is started meanwhile; both Python and PostgreSQL take it as an error of the write."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as filler, suppress(OSError):
        while filler.write(bytes(65536)):
            pass


def grow(site: Site) -> None:
    """No autovacuum from here on: it would find the room that the failed statement left."""
    with psycopg.connect(site.dsn, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET autovacuum = off")
        connection.execute("SELECT pg_reload_conf()")
        with pytest.raises(psycopg.Error, match="File too large"):
            connection.execute(COPIES)


def test_without_room_calls_are_refused_and_with_room_all_is_booked(room: Room, upstream: str) -> None:
    site = room.site
    site.seed({"catalogue": catalogue(upstream)})
    (team,) = site.seed({"teams": [{"name": "Acme", "credits": "10000", "tokens": [{"name": "a"}]}]})["teams"]
    one = partial(call, url=site.start_web().url, key=team["tokens"][0]["secret"], model="fixed")
    before = together([one] * 10)

    room.use_up()
    without = [seen for _ in range(5) for seen in together([one] * 10)]
    room.give_back()

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
