"""Every process knows of a change within a second, hinted or not, and survives a database that was away."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.live.site import Site, Web
from tests.relay.catalogues import SMALL

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(Path(tmp_path_factory.mktemp("snapshots"))) as site:
        yield site


@pytest.fixture(scope="module")
def webs(site: Site) -> list[Web]:
    """Two processes, each on a port of its own."""
    return [site.start_web(), site.start_web()]


@pytest.fixture(scope="module")
def secrets(site: Site) -> list[str]:
    tokens = [{"name": f"app {number}"} for number in range(4)]
    made = site.seed({"catalogue": SMALL, "teams": [{"name": "Acme", "credits": "100", "tokens": tokens}]})
    return [token["secret"] for token in made["teams"][0]["tokens"]]


def call(web: Web, secret: str) -> int:
    body = json.dumps({"model": "small-chat", "messages": [{"role": "user", "content": "hello"}]}).encode()
    headers = {"authorization": f"Bearer {secret}", "content-type": "application/json"}
    request = urllib.request.Request(f"{web.url}/v1/chat/completions", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return int(error.code)


def seconds_until(webs: list[Web], secret: str, status: int, *, at_most: float) -> float:
    """How long after now every process answers with this status."""
    started = time.monotonic()
    while not all(call(web, secret) == status for web in webs):
        assert time.monotonic() - started < at_most
        time.sleep(0.02)
    return time.monotonic() - started


def execute(site: Site, *statements: str) -> None:
    with psycopg.connect(site.dsn) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_a_token_switched_off_in_the_database_is_unknown_to_every_process_within_a_second(
    site: Site, webs: list[Web], secrets: list[str]
):
    seconds_until(webs, secrets[0], 200, at_most=10)

    # The ledger's account stays open: only the snapshots can tell.
    execute(site, "UPDATE relay_apitoken SET disabled_at = now() WHERE name = 'app 0'")

    assert seconds_until(webs, secrets[0], 401, at_most=3) < 1.0


def test_a_change_without_a_notification_is_seen_by_the_next_poll(site: Site, webs: list[Web], secrets: list[str]):
    seconds_until(webs, secrets[1], 200, at_most=10)

    execute(
        site,
        "SET session_replication_role = replica",
        "UPDATE relay_apitoken SET disabled_at = now() WHERE name = 'app 1'",
        "INSERT INTO relay_snapshotversion AS v (topic, n) VALUES ('tokens', 1) "
        "ON CONFLICT (topic) DO UPDATE SET n = v.n + 1",
    )

    # A poll each second, and what the poll itself and the calls take.
    assert seconds_until(webs, secrets[1], 401, at_most=3) < 1.3


def test_a_channel_switched_off_serves_no_more_calls(site: Site, webs: list[Web], secrets: list[str]):
    seconds_until(webs, secrets[3], 200, at_most=10)

    execute(site, "UPDATE relay_channel SET enabled = false")
    assert seconds_until(webs, secrets[3], 503, at_most=3) < 1.0

    execute(site, "UPDATE relay_channel SET enabled = true")
    assert seconds_until(webs, secrets[3], 200, at_most=3) < 1.0


def test_a_restarted_database_is_found_again_without_restarting_web(site: Site, webs: list[Web], secrets: list[str]):
    execute(site, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

    seconds_until(webs, secrets[2], 200, at_most=10)

    execute(site, "UPDATE relay_apitoken SET disabled_at = now() WHERE name = 'app 2'")
    assert seconds_until(webs, secrets[2], 401, at_most=5) < 1.3
    listening = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%'"
    time.sleep(1.5)
    assert site.one(listening) == 2
