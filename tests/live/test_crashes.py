"""What dies, and what the books say afterwards."""

import asyncio
import os
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest

from tests.live.callers import Seen, call, together
from tests.live.site import Site, Web

pytestmark = pytest.mark.live

CHARGE, VOID, EXPIRED, LATE_CHARGE, LOSS = range(1, 6)


def test_kill_9_amid_200_streams_charges_each_call_once_or_releases_it(
    site: Site, new_team: Callable[..., Any]
) -> None:
    team = new_team("1000", *({"name": f"t{number}"} for number in range(4)))
    web = site.start_web(count=2)
    victim = web.children()[0]
    killing = threading.Timer(1.8, os.kill, (victim, signal.SIGKILL))
    killing.start()

    keys = [token["secret"] for token in team["tokens"]] * 50
    seen = together(partial(late_stream, web, key, number / 150) for number, key in enumerate(keys))
    killed_at = time.monotonic()
    await_no_holds(site, team["wallet"], seconds=60)
    web.stop()

    assert time.monotonic() - killed_at < 62
    finished = {one.call_id for one in seen if one.is_whole}
    broken = [one for one in seen if not one.is_whole]
    assert finished
    assert broken
    ends = ends_by_call(site, team["wallet"])
    assert all(ends[call_id] == Counter([CHARGE]) for call_id in finished)
    assert all(kinds in (Counter([kind]) for kind in (CHARGE, VOID, EXPIRED)) for kinds in ends.values())
    recorded = site.rows("SELECT id FROM usage_record WHERE wallet_id = %s", team["wallet"])
    assert {row[0] for row in recorded} == {call_id for call_id, kinds in ends.items() if CHARGE in kinds}


async def late_stream(web: Web, key: str, wait: float, client: httpx.AsyncClient) -> Seen:
    await asyncio.sleep(wait)
    return await call(client, web.url, key, "slow", stream=True, max_tokens=20 if wait < 0.7 else 40)


def await_no_holds(site: Site, wallet: int, *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while site.one("SELECT count(*) FROM wallet_hold WHERE wallet_id = %s", wallet):
        assert time.monotonic() < deadline, "holds of a dead process were not expired"
        time.sleep(0.5)


def ends_by_call(site: Site, wallet: int) -> dict[Any, Counter[int]]:
    ends: dict[Any, Counter[int]] = defaultdict(Counter)
    for call_id, kind in site.rows(
        "SELECT hold_id, kind FROM wallet_transfer WHERE wallet_id = %s AND hold_id IS NOT NULL", wallet
    ):
        ends[call_id][kind] += 1
    return ends


def test_restarts_of_both_stores_under_load_heal_without_restarting_web(
    site: Site, web: Web, new_team: Callable[..., Any]
) -> None:
    team = new_team("100000", {"name": "steady", "concurrency": 300})
    key = team["tokens"][0]["secret"]
    pids = web.children()
    restart = threading.Timer(1.0, lambda: (site.database.restart(), site.broker.restart()))
    restart.start()

    rounds = together([partial(keep_calling, web, key, 6.0)] * 20)
    restart.join()
    after = together([partial(call, url=web.url, key=key, model="fixed")] * 50)

    assert web.children() == pids
    assert {one.status for one in after} == {200}
    assert all(one.status in (0, 200, 503) for one in rounds)
    await_no_holds(site, team["wallet"], seconds=60)
    ends = ends_by_call(site, team["wallet"])
    assert all(kinds in (Counter([kind]) for kind in (CHARGE, VOID, EXPIRED)) for kinds in ends.values())


async def keep_calling(web: Web, key: str, seconds: float, client: httpx.AsyncClient) -> Seen:
    """One call after another; the last one, or the first that was neither served nor asked to come back."""
    deadline = time.monotonic() + seconds
    while True:
        seen = await call(client, web.url, key, "fixed")
        if time.monotonic() > deadline or seen.status not in (0, 200, 503):
            return seen
        await asyncio.sleep(0.05)
