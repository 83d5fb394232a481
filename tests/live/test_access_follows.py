"""What staff grant, and what is announced of multipliers, counts in every serving process without a restart."""

import copy
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.live.site import Site, Web
from tests.relay.catalogues import SMALL, priced

pytestmark = pytest.mark.live

CATALOGUE = copy.deepcopy(SMALL)
CATALOGUE["models"].append({**SMALL["models"][0], "id": "granted-chat", "access_groups": []})
CATALOGUE["models"].append(
    {**SMALL["models"][0], "id": "short-chat", "display_config": {"context_length": 5}, "pricing_config": priced("1")}
)
CATALOGUE["channels"][0]["models"] |= {"granted-chat": "sandbox", "short-chat": "sandbox"}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(Path(os.environ["SLUICE_STATE_DIR"]) / "live", database="access") as site:
        yield site


@pytest.fixture(scope="module")
def web(site: Site) -> Web:
    return site.start_web()


@pytest.fixture(scope="module")
def team(site: Site, web: Web) -> dict[str, Any]:
    # Enough for all calls that ask again and again until an answer changes.
    wanted = {"name": "Acme", "credits": "100000", "tokens": [{"name": "app"}]}
    made: dict[str, Any] = site.seed({"catalogue": CATALOGUE, "teams": [wanted]})["teams"][0]
    return made


def call(web: Web, team: dict[str, Any], model: str, content: str = "hello") -> tuple[int, str]:
    """The status, and what was charged or the code of the refusal."""
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": content}]}).encode()
    headers = {"authorization": f"Bearer {team['tokens'][0]['secret']}", "content-type": "application/json"}
    request = urllib.request.Request(f"{web.url}/v1/chat/completions", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status), answer.headers["x-sluice-cost"]
    except urllib.error.HTTPError as error:
        return int(error.code), json.loads(error.read())["error"]["code"]


def until(web: Web, team: dict[str, Any], model: str, expected: tuple[int, str]) -> float:
    started = time.monotonic()
    while (answer := call(web, team, model)) != expected:
        assert time.monotonic() - started < 60, answer
        time.sleep(0.05)
    return time.monotonic() - started


def execute(site: Site, statement: str) -> None:
    with psycopg.connect(site.dsn) as connection:
        connection.execute(statement.encode())


def test_a_granted_model_is_served_and_is_gone_when_the_grant_is_over(site: Site, web: Web, team: dict[str, Any]):
    assert call(web, team, "granted-chat") == (404, "model_not_found")

    execute(
        site,
        "INSERT INTO marketplace_modelgrant (team_id, model_id, ends_at) SELECT "
        f"{team['id']}, id, now() + interval '6 seconds' FROM marketplace_model WHERE code = 'granted-chat'",
    )

    assert until(web, team, "granted-chat", (200, "0.5")) < 5
    # Nobody writes a row at its end: calls compare it with their own instant.
    assert until(web, team, "granted-chat", (404, "model_not_found")) < 10


def test_an_announced_multiplier_is_charged_from_its_instant_on_without_a_write(
    site: Site, web: Web, team: dict[str, Any]
):
    assert call(web, team, "small-chat") == (200, "0.5")

    execute(
        site,
        "UPDATE teams_accessgroup SET coming_multiplier = 1.5, coming_at = now() + interval '3 seconds' "
        "WHERE code = 'default'",
    )
    assert until(web, team, "small-chat", (200, "0.75")) < 10

    execute(site, "UPDATE teams_accessgroup SET coming_multiplier = NULL, coming_at = NULL WHERE code = 'default'")
    assert until(web, team, "small-chat", (200, "0.5")) < 5


def test_input_that_cannot_fit_is_refused_over_the_wire_and_nothing_is_charged(
    site: Site, web: Web, team: dict[str, Any]
):
    before = site.one("SELECT debits_posted FROM wallet_account WHERE id = %s", team["wallet"])

    assert call(web, team, "short-chat", "one two three four five six") == (400, "context_length_exceeded")
    assert call(web, team, "short-chat", "w " * 200_000) == (400, "context_length_exceeded")
    assert site.one("SELECT debits_posted FROM wallet_account WHERE id = %s", team["wallet"]) == before
    assert call(web, team, "short-chat", "one two three four five") == (200, "1")
