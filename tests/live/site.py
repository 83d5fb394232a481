"""The product on a state folder of its own: durable PostgreSQL, Valkey, and web processes by its own command."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import psycopg
from redis import Redis
from redis.exceptions import RedisError

from config.embedded import guard, postgres, valkey
from tests import databases

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 100
KILL_SECONDS = 10


class Web:
    """Web processes that share one port, as `python -m config.web` starts them."""

    def __init__(self, port: int, log: Path, running: subprocess.Popen[bytes]) -> None:
        self.port = port
        self.log = log
        self.running = running

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self.running.pid

    def children(self) -> list[int]:
        """The serving processes under the supervisor."""
        return children_of(self.pid)

    def wait(self) -> Self:
        deadline = time.monotonic() + START_SECONDS
        while status_of(f"{self.url}/readyz") != 200:
            assert self.running.poll() is None, self.log.read_text()[-3000:]
            assert time.monotonic() < deadline, self.log.read_text()[-3000:]
            time.sleep(0.1)
        return self

    def kill(self) -> None:
        self.running.kill()
        self.running.wait()

    def stop(self) -> None:
        if self.running.poll() is None:
            self.running.terminate()
            try:
                self.running.wait(40)
            except subprocess.TimeoutExpired:
                self.kill()


class Worker:
    """A Celery worker."""

    def __init__(self, log: Path, running: subprocess.Popen[bytes]) -> None:
        self.log = log
        self.running = running

    def stop(self) -> None:
        if self.running.poll() is None:
            self.running.terminate()
            self.running.wait(40)


class Site:
    """Sites in the same folder share its servers; each has a database of its own."""

    def __init__(self, folder: Path, *, database: str = "live", **environment: str) -> None:
        self.folder = folder
        self._database = database
        self._extra = environment
        self._webs: list[Web] = []
        self._workers: list[Worker] = []

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.database = postgres.start(self.folder)
        self.broker = valkey.start(self.folder)
        self.dsn = databases.copy(self.database.url("postgres"), self._database)
        self.data = Path(self.one("SHOW data_directory"))
        return self

    def __exit__(self, *exc: object) -> None:
        for process in (*self._webs, *self._workers):
            process.stop()
        self.broker.stop()
        self.database.stop()

    # -- Processes -------------------------------------------------------------------------------

    @property
    def environment(self) -> dict[str, str]:
        """Production's: DEBUG off, keys of its own, private upstreams allowed for the double."""
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": self.dsn,
            "REDIS_URL": self.broker.url,
            "SLUICE_STATE_DIR": str(self.folder),
            "DEBUG": "0",
            "SECRET_KEY": "live-tests-only-" + "x" * 50,
            "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(b"k" * 32).decode(),
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "ALLOW_PRIVATE_UPSTREAMS": "1",
            **self._extra,
        }

    def manage(self, *arguments: str) -> str:
        return self._run([sys.executable, "manage.py", *arguments])

    def seed(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Catalogue, teams with money, tokens; see `tests.live.seeding`."""
        return json.loads(self._run([sys.executable, "-m", "tests.live.seeding"], json.dumps(wanted)))

    def _run(self, command: Sequence[str], stdin: str = "") -> str:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout

    def start_web(self, *, count: int = 1, port: int = 0, wrap: Sequence[str] = (), **environment: str) -> Web:
        """`wrap` goes before the command, as `taskset` does; `port` is a free one if not said."""
        port = port or free_port()
        log = self.folder / f"web-{port}.log"
        running = self._start(
            [*wrap, sys.executable, "-m", "config.web"],
            log,
            {"PORT": str(port), "WEB_CONCURRENCY": str(count), **environment},
        )
        web = Web(port, log, running)
        self._webs.append(web)
        return web.wait()

    def start_worker(self, **environment: str) -> Worker:
        """Does not wait: what is queued meanwhile is done once it is there."""
        log = self.folder / "worker.log"
        command = (
            "celery --quiet --app config worker --concurrency 1 --loglevel debug --without-gossip --without-mingle"
        )
        worker = Worker(log, self._start([sys.executable, "-m", *command.split()], log, environment))
        self._workers.append(worker)
        return worker

    def _start(self, command: Sequence[str], log: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        with log.open("wb") as output:
            return subprocess.Popen(
                command,
                cwd=ROOT,
                env={**self.environment, **environment},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    # -- Without a word of warning ---------------------------------------------------------------

    def kill_database(self) -> None:
        """kill -9 of the postmaster and every backend; `database.restart()` brings them back."""
        postmaster = guard.postmaster_of(self.data)
        if postmaster is not None:
            for pid in (postmaster, *children_of(postmaster)):
                kill(pid)
            assert guard.wait_until(lambda: guard.postmaster_of(self.data) is None, KILL_SECONDS)

    def kill_broker(self) -> None:
        """kill -9 of Valkey; `broker.restart()` brings it back."""
        if (pid := self.broker_pid()) is not None:
            kill(pid)
            assert guard.wait_until(lambda: self.broker_pid() is None, KILL_SECONDS)

    def broker_pid(self) -> int | None:
        try:
            with Redis.from_url(self.broker.url) as client:
                return int(client.info("server")["process_id"])
        except RedisError:
            return None

    # -- What the books say ----------------------------------------------------------------------

    def connected(self) -> psycopg.Connection:
        return psycopg.connect(self.dsn)

    def rows(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(statement, parameters).fetchall()

    def one(self, statement: str, *parameters: object) -> Any:
        return self.rows(statement, *parameters)[0][0]


@contextmanager
def running_upstream(wrap: Sequence[str] = ()) -> Iterator[tuple[str, int]]:
    """The double as a process of its own: its address and its pid."""
    command = [*wrap, sys.executable, "-m", "tests.doubles.upstream", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            yield running.stdout.readline().strip(), running.pid
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(10)


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def children_of(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text().split()] if listed.exists() else []


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return int(error.code)
    except OSError:
        return 0
