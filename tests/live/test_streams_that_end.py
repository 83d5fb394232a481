"""Streams that are ended by us, on real sockets: official clients see a length, books see what was delivered."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import openai
import pytest

from tests.live.callers import MESSAGES, call
from tests.live.catalogue import channel, model, tokens
from tests.live.site import Site, Web
from tests.live.test_hang_ups import record_of
from tests.live.test_money import AVAILABLE, CREDIT, watch_available

pytestmark = pytest.mark.live

MILLI = CREDIT // 1000
LONG_OUTPUT = {"context_length": 100_000, "max_output": 50_000}
TRANSFERS = "SELECT kind, amount_nanos FROM wallet_transfer WHERE hold_id = %s OR id = %s ORDER BY kind"
HOLD = "SELECT id FROM wallet_hold WHERE wallet_id = %s"


@pytest.fixture(scope="module", autouse=True)
def _long_models(site: Site, upstream: str) -> None:
    """A thousandth of a credit a token: `endless` at full speed, `steady` at 500 tokens a second."""
    names = {"endless": "double+chunks=20000+no_usage", "steady": "double+chunks=20000+no_usage+pace_ms=2"}
    models = [{**model(code, tokens("1000")), "display_config": LONG_OUTPUT} for code in names]
    site.seed({"catalogue": {"models": models, "channels": [{**channel(upstream, names), "name": "endless"}]}})


def texts_of(chunks: list[Any]) -> list[str]:
    return [choice.delta.content for chunk in chunks for choice in chunk.choices if choice.delta.content]


def assert_ended_at_the_money(site: Site, team: dict[str, Any], chunks: list[Any]) -> None:
    """5 credits: after 100 or so tokens of input, all the rest was delivered and charged, to the last thousandth."""
    *_, finish, usage = chunks
    assert (finish.choices[0].finish_reason, usage.choices) == ("length", [])
    status, estimated, inputs, outputs, charge = record_of(site, team, within=5)
    assert (status, estimated) == (402, True)
    assert (usage.usage.prompt_tokens, usage.usage.completion_tokens) == (inputs, outputs)
    assert len(texts_of(chunks)) == outputs - 1  # the first event only names the role
    assert charge == (inputs + outputs) * MILLI
    assert site.one(AVAILABLE, team["wallet"]) == 5 * CREDIT - charge
    assert 0 <= site.one(AVAILABLE, team["wallet"]) < 200 * MILLI


def test_the_official_client_reads_a_stream_to_its_length(site: Site, web: Web, new_team: Callable[..., Any]) -> None:
    team = new_team("5", {"name": "short"})
    lows: list[int] = []
    done = threading.Event()
    watch = threading.Thread(target=watch_available, args=(site, team["wallet"], done, lows))
    watch.start()

    with openai.OpenAI(
        base_url=f"{web.url}/v1", api_key=team["tokens"][0]["secret"], http_client=httpx.Client(trust_env=False)
    ) as client:
        stream = client.chat.completions.create(
            model="endless", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
        )
        chunks = list(stream)
    done.set()
    watch.join()

    assert_ended_at_the_money(site, team, chunks)
    assert min(lows) >= 0


def test_the_official_asynchronous_client_does_too(site: Site, web: Web, new_team: Callable[..., Any]) -> None:
    team = new_team("5", {"name": "short"})

    async def read() -> list[Any]:
        async with openai.AsyncOpenAI(
            base_url=f"{web.url}/v1",
            api_key=team["tokens"][0]["secret"],
            http_client=httpx.AsyncClient(trust_env=False),
        ) as client:
            stream = await client.chat.completions.create(
                model="endless", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
            )
            return [chunk async for chunk in stream]

    assert_ended_at_the_money(site, team, asyncio.run(read()))


def test_ten_streams_on_money_for_one_share_it_and_never_pass_it(
    site: Site, web: Web, new_team: Callable[..., Any]
) -> None:
    team = new_team("50", {"name": "many"})
    key = team["tokens"][0]["secret"]

    async def story() -> list[Any]:
        async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
            calls = (call(client, web.url, key, "endless", stream=True, max_tokens=20_000) for _ in range(10))
            return list(await asyncio.gather(*calls))

    seen = asyncio.run(story())

    assert {(one.status, one.is_whole) for one in seen} == {(200, True)}
    assert all(b'"finish_reason":"length"' in one.body for one in seen)
    charged = site.one("SELECT sum(charge_nanos) FROM usage_record WHERE team_id = %s", team["id"])
    assert site.one(AVAILABLE, team["wallet"]) == 50 * CREDIT - charged
    lost = "SELECT count(*) FROM wallet_transfer WHERE wallet_id = %s AND kind = 5"
    assert site.one(lost, team["wallet"]) == 0


def test_a_stream_whose_process_stalled_beyond_its_lease_ends_and_is_paid_late(
    site: Site, web: Web, new_team: Callable[..., Any]
) -> None:
    team = new_team("100", {"name": "stalled"})
    stalling = site.start_web()

    async def story() -> Any:
        begun = asyncio.Event()

        async def begin(_: httpx.Response) -> None:
            begun.set()

        hooks = {"response": [begin]}
        async with httpx.AsyncClient(timeout=60, trust_env=False, event_hooks=hooks) as client:
            calling = asyncio.create_task(
                call(client, stalling.url, team["tokens"][0]["secret"], "steady", stream=True, max_tokens=20_000)
            )
            await asyncio.wait_for(begun.wait(), 20)
            await asyncio.to_thread(stall, site, team["wallet"], stalling.pid)
            return await calling

    try:
        seen = asyncio.run(story())
    finally:
        stalling.stop()

    assert (seen.status, seen.is_whole) == (200, False)
    assert b'"error"' in seen.body.split(b"\n\n")[-2]
    charge = record_of(site, team, within=5)[-1]
    assert charge > 0
    # The hold expired with nothing, and what was delivered was charged late.
    assert site.rows(TRANSFERS, seen.call_id, seen.call_id) == [(3, 0), (4, charge)]
    assert site.one(AVAILABLE, team["wallet"]) == 100 * CREDIT - charge


def stall(site: Site, wallet: int, pid: int) -> None:
    """Stops a process until the others take its holds for those of a dead one. Its lease is not waited for."""
    os.kill(pid, signal.SIGSTOP)
    try:
        end_lease = "UPDATE wallet_owner SET lease_until = now() - interval '1 second' WHERE id = %s RETURNING id"
        site.rows(end_lease, site.one("SELECT owner_id FROM wallet_hold WHERE wallet_id = %s", wallet))
        deadline = time.monotonic() + 20
        while site.rows(HOLD, wallet):
            assert time.monotonic() < deadline, "nobody expired the hold"
            time.sleep(0.1)
    finally:
        os.kill(pid, signal.SIGCONT)
