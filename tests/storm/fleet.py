"""The product with all its processes, what can befall them, and their way back."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any, Self

import psycopg

from config.embedded import guard
from tests.doubles.database_line import DatabaseLine
from tests.live.catalogue import catalogue, each, model, tokens
from tests.live.site import Site, Web, kill, running_upstream
from tests.storm.choices import FAULTS

PROCESSES = 2
HEALTHY_SECONDS = 60
LEASE_SECONDS = 12
"""Of a serving process, here: two heartbeats may be missed. The product's 30 s would only make rounds longer."""

SHORT_LEASE = f"""
CREATE FUNCTION storm_short_lease() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.lease_until := least(NEW.lease_until, now() + interval '{LEASE_SECONDS} s');
    RETURN NEW;
END $$;
CREATE TRIGGER storm_short_lease BEFORE INSERT OR UPDATE ON wallet_owner
    FOR EACH ROW EXECUTE FUNCTION storm_short_lease();
"""
LANES = ("sluice ledger authorise", "sluice ledger settle")
CUT = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND application_name ^@ 'sluice ledger '
"""
TEAMS: list[dict[str, Any]] = [
    {"name": "Rich", "credits": "1000000", "tokens": [{"name": "one"}, {"name": "two"}]},
    {"name": "Capped", "credits": "1000000", "tokens": [{"name": "a", "limit": "40"}, {"name": "b", "limit": "15"}]},
    {"name": "Poor", "credits": "12", "tokens": [{"name": "only"}]},
    {"name": "Ending", "credits": "30", "tokens": [{"name": "only"}]},
    {"name": "Free", "credits": "20", "tokens": [{"name": "only"}]},
]


class Fleet:
    """Everything that runs; entered, it serves calls, and left, nothing of it runs any more.

    Processes bear the guard's mark. The servers do not: who watches over them must outlive us to stop them.
    """

    def __init__(self, folder: Path, *, mark: str) -> None:
        self._mark = {guard.MARK: mark}
        self._stack = ExitStack()
        self._folder = folder
        self.teams: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            marked = [f"{name}={value}" for name, value in self._mark.items()]
            upstream, _ = stack.enter_context(running_upstream(["env", *marked]))
            site = Site(self._folder, database="storm", LOG_LEVEL="WARNING", **self._mark)
            self.site = stack.enter_context(site)
            with psycopg.connect(self.site.dsn) as connection:
                connection.execute(SHORT_LEASE)
            made = self.site.seed({"catalogue": _catalogue(upstream), "teams": TEAMS})
            self.teams = {wanted["name"]: team for wanted, team in zip(TEAMS, made["teams"], strict=True)}
            self.line = stack.enter_context(DatabaseLine(self.site.dsn, self._folder / "line"))
            self.web = self._start_web()
            self.worker = self.site.start_worker()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    @property
    def url(self) -> str:
        return self.web.url

    @property
    def keys(self) -> list[str]:
        return [token["secret"] for team in self.teams.values() for token in team["tokens"]]

    # -- What befalls them -----------------------------------------------------------------------

    def strike(self, fault: str, chance: Random) -> None:
        """Kills, or cuts, without a word of warning; nothing is asked to end."""
        acts: list[Callable[[Random], None]] = [
            self._kill_one_web,
            self._kill_all_web,
            self._kill_worker,
            self._kill_postgres,
            self._kill_valkey,
            self._cut_connections,
            self._lose_answers,
        ]
        acts[FAULTS.index(fault)](chance)

    def _kill_one_web(self, chance: Random) -> None:
        if children := self.web.children():
            kill(chance.choice(children))

    def _kill_all_web(self, _: Random) -> None:
        children = self.web.children()
        self.web.kill()  # first, or it would replace them
        for child in children:
            kill(child)

    def _kill_worker(self, _: Random) -> None:
        os.killpg(self.worker.running.pid, signal.SIGKILL)
        self.worker.running.wait()

    def _kill_postgres(self, _: Random) -> None:
        self.site.kill_database()

    def _kill_valkey(self, _: Random) -> None:
        self.site.kill_broker()

    def _cut_connections(self, _: Random) -> None:
        self.site.one(CUT)

    def _lose_answers(self, _: Random) -> None:
        """The next batch of each kind commits, and its connection dies before the process hears of it."""
        for lane in LANES:
            self.line.lose_next_answer(lane)
        assert guard.wait_until(lambda: self.line.is_quiet, HEALTHY_SECONDS), "no answer was there to be lost"

    # -- Their way back --------------------------------------------------------------------------

    def restore(self) -> None:
        """Starts again what is gone, and waits until calls are served."""
        if guard.postmaster_of(self.site.data) is None:
            self.site.database.restart()
        if self.site.broker_pid() is None:
            self.site.broker.restart()
        if self.web.running.poll() is not None:
            self.web = self._start_web(port=self.web.port)
        if self.worker.running.poll() is not None:
            self.worker = self.site.start_worker()
        self.web.wait()
        self._wait_for_processes()

    def _start_web(self, *, port: int = 0) -> Web:
        """Whose ledgers reach PostgreSQL through the line."""
        return self.site.start_web(count=PROCESSES, port=port, DATABASE_DIRECT_URL=self.line.url)

    def _wait_for_processes(self) -> None:
        deadline = time.monotonic() + HEALTHY_SECONDS
        while len(self.web.children()) < PROCESSES:
            assert time.monotonic() < deadline, "a web process was not replaced"
            time.sleep(0.1)


def _catalogue(upstream: str) -> dict[str, Any]:
    """The live tests' own, with streams of other lengths and an answer that takes its time."""
    base = catalogue(upstream)
    upstreams = {
        "late": "double+latency_ms=250",
        "paced": "double+chunks=24+pace_ms=30",
        "growing": "double+chunks=5000",
    }
    prices = {"late": each("calls", "1")}
    models = [model(code, prices.get(code) or tokens("1000")) for code in upstreams]
    models[-1]["display_config"] = {"context_length": 20_000, "max_output": 10_000}
    channel = base["channels"][0]
    return {
        **base,
        "models": [*base["models"], *models],
        "channels": [{**channel, "models": {**channel["models"], **upstreams}}],
    }
