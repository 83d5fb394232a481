"""Acts that race: each on a Django connection of its own to the live ledger, lined up behind one lock."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import psycopg
from django.db import connection, connections
from psycopg import conninfo

from apps.wallet.errors import WalletError

T = TypeVar("T")

PATIENCE_SECONDS = 10
LOCK = "SELECT 1 FROM wallet_account WHERE id = %s FOR NO KEY UPDATE"
BLOCKED = "SELECT count(*) FROM unnest(%s::integer[]) AS pid WHERE cardinality(pg_blocking_pids(pid)) > 0"


@dataclass
class Racers:
    """`lined_up` is for acts of the services, `unlocked` for the controls."""

    dsn: str
    connection: psycopg.Connection
    """Of the test itself."""
    _pids: list[int] = field(default_factory=list)

    def alone(self, act: Callable[[], T]) -> T:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(self._on_own_connection, act).result()

    def lined_up(self, wallet: int, acts: Sequence[Callable[[], Any]]) -> list[Any]:
        """What came of each act, an error of the wallet included. None goes on before all of them wait for the lock.

        The first two get it in the order given; the others as PostgreSQL likes.
        """
        self._pids.clear()
        with ThreadPoolExecutor(len(acts)) as pool:
            with self.connection.transaction():
                self.connection.execute(LOCK, [wallet])
                racing = [self._waiting(pool, act, nth) for nth, act in enumerate(acts, start=1)]
            return [one.result() for one in racing]

    def _waiting(self, pool: ThreadPoolExecutor, act: Callable[[], Any], nth: int) -> Future[Any]:
        racing = pool.submit(self._on_own_connection, act)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._blocked() < nth:
            assert not racing.done(), f"act {nth} did not wait for the lock: {racing.result()!r}"
            assert time.monotonic() < deadline, f"act {nth} never came to the lock"
            time.sleep(0.01)
        return racing

    def _blocked(self) -> int:
        row = self.connection.execute(BLOCKED, [self._pids]).fetchone()
        assert row is not None
        return int(row[0])

    def _on_own_connection(self, act: Callable[[], T]) -> T | WalletError:
        with _connected_to(self.dsn):
            self._pids.append(connection.connection.info.backend_pid)
            try:
                return act()
            except WalletError as error:
                return error

    def unlocked(self, read: str, write: Callable[[psycopg.Connection, Any], object], *, count: int = 2) -> None:
        """The control: all have read before the first one writes."""
        all_have_read = threading.Barrier(count, timeout=PATIENCE_SECONDS)

        def race(_: int) -> None:
            with psycopg.connect(self.dsn, autocommit=True) as own:
                row = own.execute(read.encode()).fetchone()
                all_have_read.wait()
                write(own, None if row is None else row[0])

        with ThreadPoolExecutor(count) as pool:
            list(pool.map(race, range(count)))


@contextmanager
def _connected_to(dsn: str) -> Iterator[None]:
    """Django's connection of this thread leads to that database meanwhile."""
    before = connections["default"]
    own = connections.create_connection("default")
    own.settings_dict = {**own.settings_dict, "NAME": conninfo.conninfo_to_dict(dsn)["dbname"]}
    connections["default"] = own
    try:
        connection.ensure_connection()
        yield
    finally:
        own.close()
        connections["default"] = before
