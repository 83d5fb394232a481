"""Budgets over several web processes and many calls at once: exactly what fits goes through, for nobody else less."""

import json
from functools import partial
from typing import Any

import psycopg
import pytest

from tests.live.callers import call, statuses, together
from tests.live.site import Site, Web

pytestmark = pytest.mark.live

CREDIT = 1_000_000_000
USED = "SELECT debits_posted FROM wallet_account WHERE id = (SELECT budget_id FROM teams_{} WHERE {} = %s)"


def seeded(site: Site, **team: Any) -> Any:
    return site.seed({"teams": [{"name": "Acme", "credits": "1000", "tokens": [], **team}]})["teams"][0]


def test_a_member_is_refused_exactly_at_the_end_of_the_budget_while_the_others_calls_go_through(
    site: Site, web: Web
) -> None:
    team = seeded(site, members=[{"budget": "10.5", "tokens": [{"name": "bob"}]}, {"tokens": [{"name": "cleo"}]}])
    bob, cleo = team["members"]
    bobs, cleos = (
        [partial(call, url=web.url, key=member["tokens"][0]["secret"], model="fixed")] * 40 for member in (bob, cleo)
    )

    seen = together([one for pair in zip(bobs, cleos, strict=True) for one in pair])

    assert statuses(seen[0::2]) == {200: 10, 402: 30}
    assert statuses(seen[1::2]) == {200: 40}
    assert {json.loads(one.body)["error"]["scope"] for one in seen if one.status == 402} == {"member"}
    assert site.one(USED.format("membership", "user_id"), bob["id"]) == 10 * CREDIT


def test_the_team_budget_stops_everyone_together(site: Site, web: Web) -> None:
    team = seeded(site, budget="25", members=[{"tokens": [{"name": f"member {n}"}]} for n in range(4)])
    keys = [member["tokens"][0]["secret"] for member in team["members"]]

    seen = together([partial(call, url=web.url, key=key, model="fixed") for key in keys * 15])

    assert statuses(seen) == {200: 25, 402: 35}
    assert {json.loads(one.body)["error"]["scope"] for one in seen if one.status == 402} == {"team"}
    assert site.one(USED.format("team", "id"), team["id"]) == 25 * CREDIT


def test_control_a_budget_that_is_looked_at_before_the_call_and_counted_after_it_is_passed(site: Site) -> None:
    callers = 8
    with psycopg.connect(site.dsn, autocommit=True) as main:
        main.execute("CREATE TABLE naive_budget (used bigint, most bigint)")
        main.execute("INSERT INTO naive_budget VALUES (0, 1)")
        connections = [psycopg.connect(site.dsn, autocommit=True) for _ in range(callers)]
        looked = [one.execute("SELECT most - used FROM naive_budget").fetchone() for one in connections]
        for one, left in zip(connections, looked, strict=True):
            if left is not None and left[0] > 0:
                one.execute("UPDATE naive_budget SET used = used + 1")
            one.close()
        used = main.execute("SELECT used FROM naive_budget").fetchone()
        main.execute("DROP TABLE naive_budget")

    assert used == (callers,)
