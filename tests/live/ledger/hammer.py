"""A process that hammers the ledger: `python -m tests.live.ledger.hammer DSN` with the work as JSON on standard input.

`ordered` goes through the ledger's batching; `random` is the control: plain updates in any order.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import psycopg

from apps.core.ids import uuid7
from apps.wallet.batching import LEDGER_ONLY, GroupCommit
from apps.wallet.types import HoldRequest, Outcome, SettleEntry

CREDIT = 1_000_000_000
AT_ONCE = 60
TOUCH = "UPDATE wallet_account SET open_slots = open_slots WHERE id = %s"


async def ordered(dsn: str, work: dict[str, Any]) -> int:
    """Every call holds on two limits and a wallet, is sometimes extended, and is charged half; returns how many."""
    chance = Random(work["seed"])
    commit = GroupCommit(dsn, work["owner"], LEDGER_ONLY)
    await commit.start()

    async def one() -> None:
        accounts = (*chance.sample(work["limits"], 2), chance.choice(work["wallets"]))
        request = HoldRequest(uuid7(), accounts, CREDIT, 0)
        assert (await commit.authorise(request)).refusal is None
        if chance.random() < 0.3:
            assert (await commit.extend(request.call_id, 2 * CREDIT)).refusal is None
        settled = await commit.settle(SettleEntry(request.call_id, accounts, CREDIT // 2, 0))
        assert settled.outcome is Outcome.CHARGED

    async def caller() -> None:
        for _ in range(work["calls"] // AT_ONCE):
            await one()

    await asyncio.gather(*(caller() for _ in range(AT_ONCE)))
    await commit.stop()
    return int(work["calls"] // AT_ONCE * AT_ONCE)


async def random(dsn: str, work: dict[str, Any]) -> int:
    """Every transaction touches three accounts in any order; returns how many went through."""
    chance, done = Random(work["seed"]), 0
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        for _ in range(work["calls"]):
            try:
                async with connection.transaction():
                    for account in chance.sample(work["wallets"] + work["limits"], 3):
                        await connection.execute(TOUCH, [account])
                done += 1
            except psycopg.errors.DeadlockDetected:
                continue
    return done


WAYS: dict[str, Callable[[str, dict[str, Any]], Awaitable[int]]] = {"ordered": ordered, "random": random}

if __name__ == "__main__":
    told = json.load(sys.stdin)
    json.dump(asyncio.run(WAYS[told["way"]](sys.argv[1], told)), sys.stdout)  # type: ignore[arg-type]
