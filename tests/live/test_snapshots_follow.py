"""Every process knows of a change within a second, hinted or not, and survives a database that was away."""

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from config.embedded import guard
from tests.live.site import Site, Web
from tests.relay.catalogues import SMALL

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("secrets")]

LISTENING = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%' AND datname = current_database()"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(Path(os.environ["SLUICE_STATE_DIR"]) / "live", database="snapshots") as site:
        yield site


@pytest.fixture(scope="module")
def webs(site: Site) -> list[Web]:
    """Two processes, each on a port of its own."""
    return [site.start_web(), site.start_web()]


@pytest.fixture(scope="module")
def secrets(site: Site, webs: list[Web]) -> list[str]:
    tokens = [{"name": f"app {number}"} for number in range(5)]
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


@dataclass(frozen=True)
class Wait:
    """How long every process took to answer otherwise, and how long the slowest round of calls meanwhile."""

    seconds: float
    slowest: float

    def is_within(self, seconds: float) -> bool:
        """On an idle machine a round takes some hundredths of a second; a busy one slows us as it slows the site."""
        return self.seconds < seconds + 10 * self.slowest


def until_all_answer(webs: list[Web], secret: str, status: int, *, at_most: float = 60) -> Wait:
    started = now = time.monotonic()
    slowest = 0.0
    while True:
        done = all(call(web, secret) == status for web in webs)
        slowest, now = max(slowest, time.monotonic() - now), time.monotonic()
        if done:
            return Wait(now - started, slowest)
        assert now - started < at_most
        time.sleep(0.02)
        now = time.monotonic()


def execute(site: Site, *statements: str) -> None:
    with psycopg.connect(site.dsn) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_a_token_switched_off_in_the_database_is_unknown_to_every_process_within_a_second(
    site: Site, webs: list[Web], secrets: list[str]
):
    until_all_answer(webs, secrets[0], 200)

    # The ledger's account stays open: only the snapshots can tell.
    execute(site, "UPDATE relay_apitoken SET disabled_at = now() WHERE name = 'app 0'")

    assert until_all_answer(webs, secrets[0], 401).is_within(1.0)


def test_a_change_without_a_notification_is_seen_by_the_next_poll(site: Site, webs: list[Web], secrets: list[str]):
    until_all_answer(webs, secrets[1], 200)

    execute(
        site,
        "SET session_replication_role = replica",
        "UPDATE relay_apitoken SET disabled_at = now() WHERE name = 'app 1'",
        "INSERT INTO relay_snapshotversion AS v (topic, n) VALUES ('tokens', 1) "
        "ON CONFLICT (topic) DO UPDATE SET n = v.n + 1",
    )

    # A poll each second, and what the poll itself and the calls take.
    assert until_all_answer(webs, secrets[1], 401).is_within(1.3)


def test_a_channel_switched_off_serves_no_more_calls(site: Site, webs: list[Web], secrets: list[str]):
    until_all_answer(webs, secrets[3], 200)

    execute(site, "UPDATE relay_channel SET enabled = false")
    assert until_all_answer(webs, secrets[3], 503).is_within(1.0)

    execute(site, "UPDATE relay_channel SET enabled = true")
    assert until_all_answer(webs, secrets[3], 200).is_within(1.0)


def test_a_new_budget_of_a_member_and_of_a_team_counts_within_a_second_and_so_does_its_end(site: Site, webs: list[Web]):
    team = {"name": "Globex", "credits": "100", "tokens": [], "members": [{"tokens": [{"name": "bounded"}]}]}
    made = site.seed({"teams": [team]})["teams"][0]
    user, secret = made["members"][0]["id"], made["members"][0]["tokens"][0]["secret"]
    until_all_answer(webs, secret, 200)

    for table, kind, key, row in (("membership", 4, "user_id", user), ("team", 5, "id", made["id"])):
        account = site.one(f"SELECT wallet_open({kind}::smallint, %s, 'live', 0)", made["wallet"])
        execute(site, f"UPDATE teams_{table} SET budget_id = {account} WHERE {key} = {row}")
        assert until_all_answer(webs, secret, 402).is_within(1.0)

        execute(site, f"UPDATE teams_{table} SET budget_id = NULL WHERE {key} = {row}")
        assert until_all_answer(webs, secret, 200).is_within(1.0)


def test_the_budget_of_a_member_who_leaves_ends_within_a_second(site: Site, webs: list[Web]):
    member = {"budget": "0", "tokens": [{"name": "leaving"}]}
    team = {"name": "Initech", "credits": "100", "tokens": [], "members": [member]}
    (made,) = site.seed({"teams": [team]})["teams"][0]["members"]
    until_all_answer(webs, made["tokens"][0]["secret"], 402)

    execute(site, f"DELETE FROM teams_membership WHERE user_id = {made['id']}")

    assert until_all_answer(webs, made["tokens"][0]["secret"], 200).is_within(1.0)


def test_a_restarted_database_is_found_again_without_restarting_web(site: Site, webs: list[Web], secrets: list[str]):
    execute(
        site,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND datname = current_database()",
    )

    until_all_answer(webs, secrets[2], 200)

    execute(site, "UPDATE relay_apitoken SET disabled_at = now() WHERE name = 'app 2'")
    assert until_all_answer(webs, secrets[2], 401).is_within(1.3)
    assert guard.wait_until(lambda: site.one(LISTENING) == 2, 20)


def test_the_api_token_of_a_removed_member_is_refused_within_a_second(
    site: Site, webs: list[Web], secrets: list[str]
) -> None:
    member = {"tokens": [{"name": "his"}]}
    made = site.seed({"teams": [{"name": "Leavers", "credits": "10", "tokens": [], "members": [member]}]})["teams"][0]
    secret = made["members"][0]["tokens"][0]["secret"]
    until_all_answer(webs, secret, 200)

    site.seed({"remove_members": [{"team": made["id"], "user": made["members"][0]["id"]}]})

    assert until_all_answer(webs, secret, 401).is_within(1.0)
    assert [call(web, secrets[4]) for web in webs] == [200, 200]
