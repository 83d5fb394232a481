"""Our side of the clerk: which acts happen beside the calls, and what was acknowledged."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Self

from tests.live.site import ROOT
from tests.storm.choices import Round
from tests.storm.fleet import Fleet
from tests.storm.load import Receipt

CREDIT = 1_000_000_000
PAUSE_SECONDS = (0.1, 0.5)


class Office:
    """`work` acts until it is cancelled; `granted` are the grants that were acknowledged, by key.

    `receipts` are calls of earlier rounds, which may be refunded.
    """

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._limit = 20
        self._lots: list[str] = []
        self.granted: dict[str, int] = {}
        self.receipts: list[Receipt] = []

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

    def ask(self, act: str, key: str = "", **told: Any) -> Any:
        """What came of it, None if the ledger refused; the clerk insists while the database is away."""
        assert self._clerk.stdin is not None
        assert self._clerk.stdout is not None
        self._clerk.stdin.write(json.dumps({"act": act, "key": key, **told}) + "\n")
        self._clerk.stdin.flush()
        answer = self._clerk.stdout.readline()
        assert answer, "the clerk gave up; see above"
        return json.loads(answer).get("done")

    def verify(self) -> list[str]:
        return list(self.ask("verify"))

    async def work(self, made: Round, is_over: asyncio.Event) -> None:
        """One act after the other, as the round's seed decides."""
        chance = Random(f"{made.seed}:office")
        acts = 0
        while not is_over.is_set():
            acts += 1
            act = chance.choice(self._acts)
            await asyncio.to_thread(act, f"storm:{made.number}:{acts}", chance)
            await asyncio.sleep(chance.uniform(*PAUSE_SECONDS))

    # -- The acts ------------------------------------------------------------------------------------

    @property
    def _acts(self) -> list[Callable[[str, Random], object]]:
        return [
            self._grant_a_little,
            self._grant_for_seconds,
            self._sell,
            self._take_back,
            self._refund_a_call,
            self._adjust,
            self._charge_a_fee,
            self._move_a_limit,
            self._turn_the_switch,
            self._hurry,
        ]

    def _grant_a_little(self, key: str, chance: Random) -> None:
        self._grant(key, "Poor", chance.randint(1, 8))

    def _grant_for_seconds(self, key: str, chance: Random) -> None:
        ends_at = datetime.now(UTC) + timedelta(seconds=chance.uniform(1, 6))
        self._grant(key, chance.choice(("Ending", "Free")), chance.randint(1, 20), until=ends_at.isoformat())

    def _sell(self, key: str, chance: Random) -> None:
        nanos = chance.randint(2, 20)
        lot_id = self._grant(key, chance.choice(("Free", "Ending")), nanos, paid_minor=100 * nanos)
        self._lots.append(lot_id)

    def _take_back(self, key: str, chance: Random) -> None:
        if self._lots:
            lot_id = self._lots.pop(chance.randrange(len(self._lots)))
            self._twice(chance.choice(("refund_lot", "withdraw_lot")), key, lot_id=lot_id)

    def _refund_a_call(self, key: str, chance: Random) -> None:
        if self.receipts:
            receipt = chance.choice(self.receipts)
            nanos = (receipt.expected_nanos or CREDIT) // chance.randint(1, 3)
            self._twice("refund_charge", key, call_id=str(receipt.call_id), nanos=nanos)

    def _adjust(self, key: str, chance: Random) -> None:
        self._twice("adjust", key, wallet_id=self._wallet(chance), nanos=chance.randint(1, 3 * CREDIT))

    def _charge_a_fee(self, key: str, chance: Random) -> None:
        self._twice("open_due", key, wallet_id=self._wallet(chance), nanos=chance.randint(1, 5 * CREDIT))
        if chance.random() < 0.3:
            self._twice("cancel_due", key, due=key)

    def _move_a_limit(self, _: str, chance: Random) -> None:
        token = chance.choice(self._fleet.teams["Capped"]["tokens"])
        self._limit += 4
        self._twice("set_limit", "", account_id=token["account"], nanos=(self._limit + chance.randint(0, 20)) * CREDIT)

    def _turn_the_switch(self, _: str, chance: Random) -> None:
        is_on = chance.random() < 0.7
        self._twice("set_free_only", "", wallet_id=self._fleet.teams["Free"]["wallet"], is_on=is_on)

    def _hurry(self, *_: object) -> None:
        self.ask("hurry")

    def _grant(self, key: str, team: str, credits_: int, *, until: str | None = None, paid_minor: int = 0) -> str:
        told = {"wallet_id": self._fleet.teams[team]["wallet"], "nanos": credits_ * CREDIT}
        lot_id = self._twice("grant", key, until=until, paid_minor=paid_minor, **told)
        if lot_id is not None:
            self.granted[key] = credits_ * CREDIT
        return str(lot_id)

    def _twice(self, act: str, key: str, **told: Any) -> Any:
        """An acknowledgement may be lost on its way, so whoever asks asks again."""
        first = self.ask(act, key, **told)
        self.ask(act, key, **told)
        return first

    def _wallet(self, chance: Random) -> int:
        return int(self._fleet.teams[chance.choice(("Poor", "Ending", "Free"))]["wallet"])
