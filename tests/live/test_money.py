"""Money under parallel calls to several web processes: never more is spent than there is."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.live.callers import call, statuses, together
from tests.live.site import Site, Web

pytestmark = pytest.mark.live

AVAILABLE = "SELECT credits_posted - debits_posted - debits_pending FROM wallet_account WHERE id = %s"
CREDIT = 1_000_000_000


def test_money_for_37_calls_pays_for_37_of_200_parallel_ones(
    site: Site, web: Web, new_team: Callable[..., Any]
) -> None:
    team = new_team("37", *({"name": f"t{number}"} for number in range(4)))
    lows: list[int] = []
    done = threading.Event()
    watch = threading.Thread(target=watch_available, args=(site, team["wallet"], done, lows))
    watch.start()

    keys = [token["secret"] for token in team["tokens"]] * 50
    seen = together(partial(call, url=web.url, key=key, model="fixed") for key in keys)
    done.set()
    watch.join()

    assert statuses(seen) == {200: 37, 402: 163}
    assert min(lows) >= 0
    assert site.one(AVAILABLE, team["wallet"]) == 0
    refused = next(one for one in seen if one.status == 402)
    assert refused.headers["x-should-retry"] == "false"


def watch_available(site: Site, wallet: int, done: threading.Event, lows: list[int]) -> None:
    while not done.wait(0.01):
        lows.append(site.one(AVAILABLE, wallet))


def test_a_token_capped_at_5_never_spends_more(site: Site, web: Web, new_team: Callable[..., Any]) -> None:
    team = new_team("1000", {"name": "capped", "limit": "5", "concurrency": 300})
    key = team["tokens"][0]["secret"]

    seen = together(partial(call, url=web.url, key=key, model="fixed") for _ in range(200))

    assert statuses(seen) == {200: 5, 402: 195}
    assert site.one(AVAILABLE, team["wallet"]) == 995 * CREDIT
    charged = "SELECT sum(charge_nanos) FROM usage_record WHERE token_id = %s"
    assert site.one(charged, team["tokens"][0]["id"]) == 5 * CREDIT


def test_a_token_deleted_within_a_stream_pays_for_it_and_signs_no_more(
    site: Site, web: Web, new_team: Callable[..., Any]
) -> None:
    team = new_team("10", {"name": "gone"})
    token = team["tokens"][0]
    deletion = threading.Timer(0.3, lambda: site.seed({"delete_tokens": [token["id"]]}))
    deletion.start()

    (streamed,) = together([partial(call, url=web.url, key=token["secret"], model="slow", stream=True)])
    deletion.join()
    (after,) = together([partial(call, url=web.url, key=token["secret"], model="fixed")])

    assert (streamed.status, streamed.is_whole) == (200, True)
    # 12 tokens in and 40 out, a thousandth of a credit each.
    assert site.one("SELECT charge_nanos FROM usage_record WHERE id = %s", streamed.call_id) == 52 * CREDIT // 1000
    assert after.status == 401
