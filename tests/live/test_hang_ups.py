"""Callers who hang up on real sockets: noticed in time, charged for what they had or caused, slot freed."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.live.callers import MESSAGES
from tests.live.site import Site, Web

pytestmark = pytest.mark.live

HELD = "SELECT debits_pending, open_slots FROM wallet_account WHERE id = %s"
RECORD = "SELECT status, estimated, input_tokens, output_tokens, charge_nanos FROM usage_record WHERE team_id = %s"


async def leave_after(seconds: float, url: str, key: str, model: str, *, stream: bool) -> None:
    """Send a call and break the connection off after a while, whatever has come by then."""
    body = {"model": model, "messages": MESSAGES, "stream": stream, "max_tokens": 200}
    async with httpx.AsyncClient(timeout=30, trust_env=False, headers={"authorization": f"Bearer {key}"}) as client:
        call = asyncio.create_task(client.post(f"{url}/v1/chat/completions", json=body))
        await asyncio.sleep(seconds)
        call.cancel()


def record_of(site: Site, team: dict[str, Any], *, within: float) -> tuple[Any, ...]:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if rows := site.rows(RECORD, team["id"]):
            return rows[0]
        time.sleep(0.1)
    raise AssertionError(f"no record within {within} s")


def test_a_caller_who_leaves_a_long_stream_pays_for_the_beginning(
    site: Site, web: Web, new_team: Callable[..., Any]
) -> None:
    team = new_team("10", {"name": "leaver"})

    asyncio.run(leave_after(1.0, web.url, team["tokens"][0]["secret"], "long", stream=True))

    status, estimated, input_tokens, output_tokens, charge = record_of(site, team, within=5)
    assert (status, estimated) == (499, True)
    assert input_tokens > 0
    assert 1 <= output_tokens <= 20
    assert charge == (input_tokens + output_tokens) * 1_000_000
    assert site.rows(HELD, team["wallet"])[0] == (0, 0)


def test_a_caller_who_leaves_a_plain_call_pays_for_all_of_it(
    site: Site, web: Web, new_team: Callable[..., Any]
) -> None:
    team = new_team("10", {"name": "leaver"})

    asyncio.run(leave_after(0.4, web.url, team["tokens"][0]["secret"], "fixed-slow", stream=False))

    assert record_of(site, team, within=5)[-1] == 1_000_000_000
    assert site.rows(HELD, team["wallet"])[0] == (0, 0)
