"""One site for all live tests of a run, the upstream double, and two web processes on one port."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.catalogue import catalogue
from tests.live.site import Site, Web, running_upstream

Team = dict[str, Any]


@pytest.fixture(scope="session")
def upstream() -> Iterator[str]:
    with running_upstream() as (url, _):
        yield url


@pytest.fixture(scope="session")
def site(upstream: str) -> Iterator[Site]:
    with Site(Path(os.environ["SLUICE_STATE_DIR"]) / "live") as running:
        running.seed({"catalogue": catalogue(upstream)})
        yield running


@pytest.fixture(scope="session")
def web(site: Site) -> Iterator[Web]:
    running = site.start_web(count=2)
    yield running
    running.stop()


@pytest.fixture
def new_team(site: Site) -> Callable[..., Team]:
    """A team with money and tokens: `new_team("10", {"name": "a", "limit": "5"})`."""

    def make(credits: str, *tokens: dict[str, Any]) -> Team:  # noqa: A002
        team: Team = site.seed({"teams": [{"name": "Acme", "credits": credits, "tokens": list(tokens)}]})["teams"][0]
        return team

    return make


@pytest.fixture(autouse=True, scope="module")
def _books_balance(site: Site) -> Iterator[None]:
    """After the tests of a file the ledger's invariants hold."""
    yield
    site.manage("verify_ledger")
