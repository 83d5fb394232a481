"""Our side of the clerk: which acts happen beside the calls, and what was acknowledged."""

import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Self

from tests.live.site import ROOT
from tests.storm.fleet import Fleet

CREDIT = 1_000_000_000
PAUSE_SECONDS = (0.1, 0.5)


class Office:
    """`work` acts until it is cancelled; `granted` are the grants that were acknowledged, by key."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self.granted: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._clerk = subprocess.Popen(
            [sys.executable, "-m", "tests.storm.clerk"],
            cwd=ROOT,
            env=self._fleet.site.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )
        return self

    def __exit__(self, *exc: object) -> None:
        self._clerk.kill()
        self._clerk.wait()
        for pipe in (self._clerk.stdin, self._clerk.stdout):
            if pipe is not None:
                pipe.close()

    def ask(self, act: str, **told: Any) -> Any:
        """The clerk's answer; he insists while the database is away."""
        assert self._clerk.stdin is not None
        assert self._clerk.stdout is not None
        self._clerk.stdin.write(json.dumps({"act": act, **told}) + "\n")
        self._clerk.stdin.flush()
        answer = self._clerk.stdout.readline()
        assert answer, "the clerk gave up; see above"
        return json.loads(answer)

    def verify(self) -> list[str]:
        return list(self.ask("verify"))

    async def work(self, number: int, seed: int, is_over: asyncio.Event) -> None:
        """Grants, limits and the worker's tasks, one after the other, as the round's seed decides."""
        chance = Random(f"{seed}:office")
        acts = 0
        while not is_over.is_set():
            acts += 1
            await asyncio.to_thread(self._act, number, acts, chance)
            await asyncio.sleep(chance.uniform(*PAUSE_SECONDS))

    def _act(self, number: int, nth: int, chance: Random) -> None:
        act = chance.choice((self._grant_a_little, self._grant_for_seconds, self._move_a_limit, self._hurry))
        act(f"storm:{number}:{nth}", number, chance)

    def _grant_a_little(self, key: str, _: int, chance: Random) -> None:
        self._grant(key, "Poor", chance.randint(1, 8), ends_in=None)

    def _grant_for_seconds(self, key: str, _: int, chance: Random) -> None:
        self._grant(key, "Ending", chance.randint(1, 20), ends_in=chance.uniform(1, 6))

    def _grant(self, key: str, team: str, credits_: int, *, ends_in: float | None) -> None:
        told = {"wallet_id": self._fleet.teams[team]["wallet"], "nanos": credits_ * CREDIT, "key": key}
        until = None if ends_in is None else (datetime.now(UTC) + timedelta(seconds=ends_in)).isoformat()
        for _ in range(2):  # an acknowledgement may be lost on its way
            self.ask("grant", until=until, **told)
        self.granted[key] = credits_ * CREDIT

    def _move_a_limit(self, _: str, number: int, chance: Random) -> None:
        token = chance.choice(self._fleet.teams["Capped"]["tokens"])
        self.ask("set_limit", account_id=token["account"], nanos=(number * 12 + chance.randint(0, 20)) * CREDIT)

    def _hurry(self, *_: object) -> None:
        self.ask("hurry")
