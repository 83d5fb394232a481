"""Limits over several web processes: one ledger decides for all."""

import asyncio
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest

from tests.live.callers import call, statuses, together
from tests.live.site import Site, Web

pytestmark = pytest.mark.live


def test_the_101st_concurrent_call_of_a_token_is_refused(web: Web, new_team: Callable[..., Any]) -> None:
    key = new_team("1000", {"name": "busy"})["tokens"][0]["secret"]

    async def last(client: httpx.AsyncClient) -> Any:
        await asyncio.sleep(1.2)
        return await call(client, web.url, key, "fixed")

    *streams, refused = together([*[partial(call, url=web.url, key=key, model="slow", stream=True)] * 100, last])

    assert statuses(streams) == {200: 100}
    assert refused.status == 429
    error = json.loads(refused.body)["error"]
    assert (error["code"], error["limit_type"]) == ("rate_limit_exceeded", "concurrency")
    assert int(refused.headers["retry-after"]) >= 1


def test_a_slot_is_free_again_when_its_call_has_ended(web: Web, new_team: Callable[..., Any]) -> None:
    key = new_team("1000", {"name": "busy", "concurrency": 5})["tokens"][0]["secret"]

    first = together([partial(call, url=web.url, key=key, model="fixed-slow")] * 20)
    second = together([partial(call, url=web.url, key=key, model="fixed")] * 5)

    assert statuses(first) == {200: 5, 429: 15}
    assert statuses(second) == {200: 5}


def test_two_web_servers_share_a_tokens_requests_a_minute(site: Site, web: Web, new_team: Callable[..., Any]) -> None:
    key = new_team("1000", {"name": "limited", "rpm": 20})["tokens"][0]["secret"]
    other = site.start_web()
    try:
        seen = together(partial(call, url=url, key=key, model="fixed") for url in (web.url, other.url) * 30)
    finally:
        other.stop()

    # A minute's requests may come at once; another is due every third second.
    assert statuses(seen)[429] >= 60 - 22
    assert 20 <= statuses(seen)[200] <= 22
    limit_types = {json.loads(one.body)["error"]["limit_type"] for one in seen if one.status == 429}
    assert limit_types == {"rpm"}
