"""What a newcomer does: one command, then the official client, then a look at the bill. And what is left afterwards."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from openai import AsyncOpenAI, OpenAI

from config.embedded import guard, postgres

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]

ROOT = Path(__file__).resolve().parents[2]
_processes: list[subprocess.Popen[bytes]] = []
HELLO = [{"role": "user", "content": "Hello"}]


@dataclass
class Run:
    """A running `./sluice run`, and what it printed."""

    state: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def printed(self) -> str:
        return (self.state / "printed").read_text()

    @property
    def url(self) -> str:
        return re.search(r'base_url="([^"]+)"', self.printed)[1]

    @property
    def token(self) -> str:
        return re.search(r'api_key="([^"]+)"', self.printed)[1]

    def end(self, number: int) -> None:
        os.kill(self.process.pid, number)
        self.process.wait(60)


def started(state: Path, port: int) -> Run:
    state.mkdir(exist_ok=True)
    own = {"SLUICE_STATE_DIR": str(state), "PORT": str(port)}
    with (state / "printed").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "config.run"],
            cwd=ROOT,
            env={**_clean_environment(), **own},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _processes.append(process)
    run = Run(state, port, process)
    assert guard.wait_until(lambda: "Sluice is up" in run.printed or process.poll() is not None, 120), run.printed
    return run


def _clean_environment() -> dict[str, str]:
    """Ours without what the test run has set for itself."""
    own = {"DATABASE_URL", "REDIS_URL", "DEBUG", "DJANGO_SETTINGS_MODULE", "SECRET_KEY"}
    return {name: value for name, value in os.environ.items() if name not in own}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(autouse=True, scope="module")
def _nothing_stays_after_a_failure() -> Iterator[None]:
    yield
    for process in _processes:
        if process.poll() is None:
            process.terminate()
            process.wait(60)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A place with a space that the account of the servers may enter; pytest's own folders it may not."""
    with TemporaryDirectory(prefix="a first run ") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def run(folder: Path) -> Iterator[Run]:
    run = started(folder / "served", free_port())
    assert "Sluice is up" in run.printed, run.printed
    yield run
    run.end(signal.SIGTERM)


def test_the_official_client_works_as_printed_and_the_bill_is_exact(run):
    client = OpenAI(base_url=run.url, api_key=run.token, max_retries=0)
    with client:
        before = _books(run)
        answer = client.chat.completions.create(model="gpt-4o-mini", messages=HELLO)
        pieces = list(client.chat.completions.create(model="gpt-4o-mini", messages=HELLO, stream=True))
        vectors = client.embeddings.create(model="text-embedding-3-small", input=["one", "two"])
    asynchronous = asyncio.run(_asked_asynchronously(run))

    assert "Hello" in answer.choices[0].message.content
    assert "Hello" in "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)
    assert len(vectors.data) == 2
    assert "Hello" in asynchronous
    after = _books(run)
    assert after.calls - before.calls == 4
    assert after.cost - before.cost == before.balance - after.balance > 0


async def _asked_asynchronously(run: Run) -> str:
    async with AsyncOpenAI(base_url=run.url, api_key=run.token, max_retries=0) as client:
        stream = await client.chat.completions.create(model="gpt-4o-mini", messages=HELLO, stream=True)
        return "".join([piece.choices[0].delta.content or "" async for piece in stream if piece.choices])


@dataclass
class Books:
    calls: int
    cost: int
    balance: int


def _books(run: Run) -> Books:
    server = postgres.start(run.state)
    with psycopg.connect(server.url("sluice")) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM usage_record), (SELECT coalesce(sum(charge_nanos), 0) FROM usage_record),"
            " (SELECT sum(credits_posted - debits_posted) FROM wallet_account WHERE id IN"
            " (SELECT wallet_id FROM teams_team))"
        ).fetchone()
    server.stop()
    return Books(*(int(value) for value in row))


def test_a_killed_run_leaves_nothing_and_the_next_one_has_its_data(folder):
    state = folder / "killed"
    first = started(state, free_port())
    secret, books = (state / "demo.json").read_text(), _books(first)

    first.end(signal.SIGKILL)
    assert guard.wait_until(lambda: not guard.marked(str(state)), 40)
    assert guard.wait_until(lambda: not _listens(first.port), 10)

    second = started(state, first.port)
    assert json.loads(secret)["token"] == second.token
    assert (state / "demo.json").stat().st_mode & 0o777 == 0o600
    assert _books(second) == books

    second.end(signal.SIGINT)
    assert guard.marked(str(state)) == []
    assert not _listens(second.port)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_taken_port_is_named_with_the_way_out(folder):
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        port = squatter.getsockname()[1]

        run = started(folder / "refused", port)

    assert run.process.wait(30) == 1
    assert f"Port {port} is taken" in run.printed
    assert f"PORT={port + 1} ./sluice run" in run.printed


def test_a_second_run_beside_the_first_is_refused(run):
    beside = subprocess.run(
        [sys.executable, "-m", "config.run"],
        cwd=ROOT,
        env={**_clean_environment(), "SLUICE_STATE_DIR": str(run.state), "PORT": str(free_port())},
        capture_output=True,
        text=True,
        check=False,
    )

    assert beside.returncode == 1
    assert "already runs" in beside.stderr
    assert urllib.request.urlopen(f"http://127.0.0.1:{run.port}/healthz").status == 200
