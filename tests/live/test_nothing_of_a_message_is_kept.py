"""A text that is said to the relay in every way leaves no trace in the database, in Valkey or in any file of ours."""

import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
from celery import Celery
from redis import Redis

from tests.live import telling, traces
from tests.live.catalogue import echoing
from tests.live.site import Site, Web, Worker, running_upstream

pytestmark = pytest.mark.live

TEXT = f"canary{secrets.token_hex(8)}"
CONTROL = f"control{secrets.token_hex(8)}"
"""Put where it does not belong, so that the search is known to find it."""


@dataclass
class Told:
    """All calls, and by name what each was answered: status and body."""

    calls: list[telling.Call]
    answers: dict[str, tuple[int, bytes]]


@pytest.fixture(scope="module")
def told(site: Site) -> Iterator[Told]:
    """The calls are over and their processes have ended: nothing is still on its way to a store."""
    worker = site.start_worker(LOG_LEVEL="DEBUG")
    with running_upstream() as (upstream, _):
        calls = telling.calls(TEXT, **seeded_keys(site, upstream))
        web = start_talkative_web(site)
        with httpx.Client(base_url=web.url, trust_env=False) as client:
            answers = {call.name: telling.say(client, call) for call in calls}
        telling.say_badly(web.port, calls[0])
        put_control(site, web, worker)
    web.stop()  # after its upstream, which ended the calls that it had let hang
    worker.stop()
    yield Told(calls, answers)
    remove_control(site)


def seeded_keys(site: Site, upstream: str) -> dict[str, str]:
    rich = {"name": "Rich", "credits": "100", "tokens": [{"name": "rich"}, {"name": "slow", "rpm": 1}]}
    poor = {"name": "Poor", "credits": "0.0001", "tokens": [{"name": "poor"}]}
    teams = site.seed({"catalogue": echoing(upstream), "teams": [rich, poor]})["teams"]
    key, slow_key, poor_key = (token["secret"] for team in teams for token in team["tokens"])
    return {"key": key, "slow_key": slow_key, "poor_key": poor_key}


def start_talkative_web(site: Site) -> Web:
    """Logs all it can, believes `X-Forwarded-For`, and counts into files."""
    metrics = site.folder / "metrics"
    metrics.mkdir(exist_ok=True)
    return site.start_web(LOG_LEVEL="DEBUG", TRUSTED_PROXIES="127.0.0.0/8", PROMETHEUS_MULTIPROC_DIR=str(metrics))


def put_control(site: Site, web: Web, worker: Worker) -> None:
    """Into a table, as text and as bytes, into Valkey, and into the logs of web, worker and PostgreSQL."""
    with psycopg.connect(site.dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE control (said text, bytes bytea)")
        connection.execute("INSERT INTO control VALUES (%s, %s)", [CONTROL, CONTROL.encode()])
        with suppress(psycopg.DataError):
            connection.execute("SELECT %s::int", [CONTROL])
    with Redis.from_url(site.broker.url) as store:
        store.hset("control", "said", CONTROL)
    httpx.get(f"{web.url}/{CONTROL}", trust_env=False)
    with Celery(broker=site.broker.url.replace("unix://", "redis+socket://")) as queue:
        queue.send_task(CONTROL)
    wait_for(worker.log, CONTROL)


def remove_control(site: Site) -> None:
    with psycopg.connect(site.dsn, autocommit=True) as connection:
        connection.execute("DROP TABLE control")
    with Redis.from_url(site.broker.url) as store:
        store.delete("control")


def wait_for(log: Path, text: str) -> None:
    deadline = time.monotonic() + 30
    while text not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.1)


def test_every_call_ended_as_it_was_meant_to(told: Told) -> None:
    statuses = {name: status for name, (status, _) in told.answers.items()}

    assert [f"{c.name}: {statuses[c.name]}" for c in told.calls if statuses[c.name] != c.status] == []
    assert len(statuses) == len(told.calls) > 150


def test_the_text_reached_the_upstream_and_came_back(told: Told) -> None:
    names = [f"{way} {path}" for way in ("echo", "echo-refused") for path in telling.ENDPOINTS]
    names += [f"echo {path} stream" for path in telling.STREAMED]

    assert [name for name in names if TEXT.encode() not in told.answers[name][1]] == []


def test_the_text_is_not_in_the_database(site: Site, told: Told) -> None:
    assert traces.in_database(site, TEXT) == []


def test_the_text_is_not_in_valkey(site: Site, told: Told) -> None:
    assert traces.in_valkey(site, TEXT) == []


def test_the_text_is_in_no_log_and_no_file(site: Site, told: Told) -> None:
    assert traces.in_files(site, TEXT) == []


def test_the_search_finds_a_text_that_was_put_there(site: Site, told: Told) -> None:
    assert [line.partition(":")[0] for line in traces.in_database(site, CONTROL)] == ["public.control"]
    assert [line.partition(":")[0] for line in traces.in_valkey(site, CONTROL)] == ["b'control'"]
    names = {Path(path).name for path in traces.in_files(site, CONTROL)}
    assert {"worker.log", "server.log"} <= names
    assert any(name.startswith("web-") for name in names)
