"""Embedded servers: what was committed survives any kill, and nothing outlives its last user."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from redis import Redis

from config.embedded import guard, postgres, valkey
from config.embedded.place import PlaceUnusable, place_at

pytestmark = pytest.mark.live

ROOT = Path(__file__).resolve().parents[2]
USER_OF_SERVERS = """
import sys, time
from pathlib import Path
from config.embedded import postgres, valkey
attached = postgres.start(Path(sys.argv[1])), valkey.start(Path(sys.argv[1]))
print("up", flush=True)
time.sleep(60)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A place that the account of the servers may enter; pytest's own folders it may not."""
    with TemporaryDirectory(prefix="sluice-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name, "state")


@pytest.fixture
def database(folder: Path) -> Iterator[postgres.Server]:
    server = postgres.start(folder)
    yield server
    server.stop()


def another_user(folder: Path) -> subprocess.Popen[bytes]:
    """Another process that attaches to both servers of the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", USER_OF_SERVERS, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    return process


def killed(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def answers(server: postgres.Server) -> bool:
    try:
        psycopg.connect(server.url("postgres"), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def written(server: postgres.Server) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")


def is_kept(server: postgres.Server) -> bool:
    with psycopg.connect(server.url("postgres")) as connection:
        return connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_server_ends_with_its_last_user(folder):
    first, second = postgres.start(folder), postgres.start(folder)

    first.stop()
    assert answers(second)

    second.stop()
    assert not answers(second)


def test_a_killed_user_leaves_no_server(folder):
    user = another_user(folder)

    killed(user)

    assert guard.wait_until(lambda: guard.postmaster_of(folder / "pg") is None, 20)
    assert guard.wait_until(lambda: not _has_valkey(folder), 20)


def test_a_removed_folder_leaves_no_server(folder):
    server = valkey.start(folder)
    shutil.rmtree(folder / "valkey")
    for name in (".valkey.users", ".valkey.starting"):
        (folder / name).unlink()

    server.stop()

    assert not _has_valkey(folder)


def _has_valkey(folder: Path) -> bool:
    address = valkey.address(folder).removeprefix("unix://")
    return subprocess.run(["pgrep", "-f", f"unixsocket {address}"], check=False, capture_output=True).returncode == 0


def test_data_survives_a_killed_server(database, folder):
    written(database)
    postmaster = guard.postmaster_of(folder / "pg")
    os.kill(postmaster, signal.SIGKILL)

    again = postgres.start(folder)

    assert is_kept(again)
    again.stop()


def test_a_pid_file_whose_number_is_another_programs_now_is_ignored(folder):
    server = postgres.start(folder)
    written(server)
    pid_file = folder / "pg" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    server.stop()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))

    again = postgres.start(folder)

    assert is_kept(again)
    again.stop()


def test_a_folder_half_made_by_a_killed_start_is_made_anew(folder):
    (folder / "pg.new").mkdir(parents=True)
    (folder / "pg.new" / "PG_VERSION").write_text("18\n")

    server = postgres.start(folder)

    assert answers(server)
    server.stop()


def test_a_long_path_with_spaces_is_served(folder):
    server = postgres.start(folder / "a folder of somebody's" / ("long " * 20))
    server.create_database("sluice")

    with psycopg.connect(server.url("sluice")) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("sluice",)
    server.stop()


def test_a_data_folder_keeps_its_major_version(folder):
    postgres.start(folder).stop()
    (folder / "pg" / "PG_VERSION").write_text("9\n")

    with pytest.raises(PlaceUnusable, match="written by PostgreSQL 9"):
        postgres.start(folder)


def test_foreign_programs_are_told_apart_from_postgresql(folder, monkeypatch):
    monkeypatch.setenv("SLUICE_PG_BIN", "/nowhere")

    with pytest.raises(PlaceUnusable, match="/nowhere holds no PostgreSQL"):
        postgres.start(folder)


def test_variables_of_other_postgresql_servers_do_not_mislead(folder, monkeypatch):
    monkeypatch.setenv("PGPORT", "6543")
    monkeypatch.setenv("PGDATA", "/nowhere")

    server = postgres.start(folder)

    assert answers(server)
    server.stop()


def test_valkey_evicts_only_what_has_an_end_and_keeps_queues_over_a_kill(folder):
    server = valkey.start(folder)
    with Redis.from_url(server.url) as connection:
        assert connection.config_get("maxmemory-policy")["maxmemory-policy"] == "volatile-ttl"
        connection.rpush("queue", "task")

    server.restart()

    with Redis.from_url(server.url) as connection:
        assert connection.lrange("queue", 0, -1) == [b"task"]
    server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers run as another user")
def test_data_stays_where_it_was_first_put(folder):
    folder.mkdir()
    folder.chmod(0o700)
    server = postgres.start(folder)
    written(server)
    server.stop()
    folder.chmod(0o755)

    again = postgres.start(folder)

    assert is_kept(again)
    assert not (folder / "pg").exists()
    again.stop()
    shutil.rmtree(place_at(folder).folder)
