"""A store that is gone, a month without room: calls go on where they can, and say why where they cannot."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from apps.core import partitions
from tests.live.callers import call, statuses, together
from tests.live.site import Site, Web

pytestmark = pytest.mark.live

CREDIT = 1_000_000_000
COLUMNS = "SELECT credits_posted, debits_posted, debits_pending FROM wallet_account WHERE id = %s"


def test_calls_go_on_when_valkey_is_killed_and_their_money_is_right(
    site: Site, web: Web, new_team: Callable[..., Any]
) -> None:
    team = new_team("1000", {"name": "steady", "concurrency": 300})
    calls = [partial(call, url=web.url, key=team["tokens"][0]["secret"], model="fixed-slow") for _ in range(60)]
    killing = threading.Timer(0.4, site.kill_broker)
    killing.start()

    try:
        during = together(calls)
        killing.join()
        assert site.broker_pid() is None
        after = together(calls)
    finally:
        site.broker.restart()

    assert statuses(during) == statuses(after) == {200: 60}
    assert {seen.headers["x-sluice-cost"] for seen in (*during, *after)} == {"1"}
    assert site.rows(COLUMNS, team["wallet"]) == [(1000 * CREDIT, 120 * CREDIT, 0)]


def test_readiness_names_the_month_without_a_partition_until_there_is_one(site: Site, web: Web) -> None:
    assert readiness(web)["checks"]["partitions"] is True
    _, (suffix, _, _) = partitions.months_from(datetime.now(UTC), ahead=1)
    with site.connected() as connection:
        connection.execute(f"DROP TABLE wallet_transfer_{suffix}".encode())

    said = readiness(web)
    site.manage("migrate", "--verbosity", "0")  # as `core.ensure_partitions` does every night

    assert (said["ready"], said["checks"]["partitions"], said["checks"]["database"]) == (False, False, True)
    assert readiness(web)["ready"] is True


def readiness(web: Web) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(f"{web.url}/readyz", timeout=5) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as refusal:
        return dict(json.load(refusal))
