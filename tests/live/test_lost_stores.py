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
from config.embedded import guard
from tests.live.callers import Seen, call, statuses, together
from tests.live.site import Site, Web

pytestmark = pytest.mark.live

CREDIT = 1_000_000_000
ALERTS = "SELECT times FROM journal_operatoralert WHERE dedupe_key = %s"
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


def test_a_day_without_a_partition_refuses_calls_until_there_is_one(
    site: Site, web: Web, new_team: Callable[..., Any]
) -> None:
    team = new_team("1000", {"name": "one"})
    one = partial(call, url=web.url, key=team["tokens"][0]["secret"], model="fixed")
    (suffix, *span), *_ = partitions.days_from(datetime.now(UTC), ahead=0)
    name, bounds = f"usage_origin_{suffix}", [partitions.uuid_floor(instant) for instant in span]
    seen: list[Seen] = []

    def are_all(status: int) -> bool:
        seen.extend(together([one] * 8))
        return statuses(seen[-8:]) == {status: 8}

    with site.connected() as connection:
        connection.execute(f"ALTER TABLE usage_origin DETACH PARTITION {name}".encode())
    try:
        assert guard.wait_until(lambda: are_all(503), 30)
        assert readiness(web)["checks"]["partitions"] is False
    finally:
        with site.connected() as connection:
            values = "FROM ('{}') TO ('{}')".format(*bounds)
            connection.execute(f"ALTER TABLE usage_origin ATTACH PARTITION {name} FOR VALUES {values}".encode())

    assert guard.wait_until(lambda: are_all(200), 30)
    # Whoever was told a cost was charged. Whoever slipped in before the processes noticed got his hold back, and an
    # operator the alert.
    paid = [one for one in seen if "x-sluice-cost" in one.headers]
    assert site.rows(COLUMNS, team["wallet"]) == [(1000 * CREDIT, len(paid) * CREDIT, 0)]
    slipped = sum(one.status == 200 for one in seen) - len(paid)
    noted = site.rows(ALERTS, f"ledger-refused:{team['wallet']}")
    assert sum(row[0] for row in noted) >= slipped  # a batch that is delivered again counts again


def readiness(web: Web) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(f"{web.url}/readyz", timeout=5) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as refusal:
        return dict(json.load(refusal))
