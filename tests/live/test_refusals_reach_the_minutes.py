"""A serving process writes the refusals it counted every ten seconds, and the rest when it stops."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.live.callers import call, statuses, together
from tests.live.site import Site

pytestmark = pytest.mark.live

REFUSED = "SELECT model_code, status, sum(refused)::int FROM usage_minuteusage WHERE team_id = %s GROUP BY 1, 2"


def test_refusals_are_in_the_minutes_after_ten_seconds_or_the_stop(site: Site, new_team: Callable[..., Any]) -> None:
    team = new_team("0.5", {"name": "refused"})
    web = site.start_web()
    ask = partial(call, url=web.url, key=team["tokens"][0]["secret"])

    unknown = together([partial(ask, model="no-such-model")] * 20)
    await_rows(site, team["id"], [("", 404, 20)], seconds=12)
    poor = together([partial(ask, model="fixed")] * 5)
    web.stop()

    assert statuses([*unknown, *poor]) == {404: 20, 402: 5}
    assert sorted(site.rows(REFUSED, team["id"])) == [("", 404, 20), ("fixed", 402, 5)]


def await_rows(site: Site, team_id: int, rows: list[tuple[Any, ...]], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while site.rows(REFUSED, team_id) != rows:
        assert time.monotonic() < deadline, site.rows(REFUSED, team_id)
        time.sleep(0.2)
