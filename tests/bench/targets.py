"""The two servers that are compared, each on the first core; upstream and load have the second."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.live.catalogue import channel, model
from tests.live.site import ROOT, Site, free_port, running_upstream, status_of

CORES = sorted(os.sched_getaffinity(0))
CAN_PIN = shutil.which("taskset") is not None and len(CORES) > 1
ON_SERVER_CORE = ["taskset", "-c", str(CORES[0])] if CAN_PIN else []
ON_LOAD_CORE = ["taskset", "-c", str(CORES[-1])] if CAN_PIN else []

# Upstream names are the models' own here: the forwarder passes them on as they are.
MODELS = {
    "plain": "plain+chunks=100",
    "stream40": "stream40+chunks=40+pace_ms=5",
    "stream200": "stream200+chunks=200+pace_ms=5",
    "long": "long+chunks=40+pace_ms=500",
}


@dataclass(frozen=True)
class Target:
    name: str
    url: str
    key: str
    pids: dict[str, int]


@contextmanager
def running(state: Path) -> Iterator[list[Target]]:
    with ExitStack() as stack:
        upstream, _ = stack.enter_context(running_upstream(ON_LOAD_CORE))
        site = stack.enter_context(Site(state, LOG_LEVEL="INFO"))
        made = site.seed({"catalogue": _catalogue(upstream), "teams": [_TEAM]})
        web = site.start_web(wrap=ON_SERVER_CORE)
        key = made["teams"][0]["tokens"][0]["secret"]
        yield [
            Target("forwarder", *stack.enter_context(_forwarder(upstream))),
            Target("Sluice", web.url, key, {"web": web.pid, "postgres": postmaster_of(site)}),
        ]
        site.manage("verify_ledger")


_TEAM = {
    "name": "Bench",
    "credits": "1000000",
    "tokens": [{"name": "load", "limit": "900000", "concurrency": 2000, "rpm": 100_000_000, "tpm": 2_000_000_000}],
}


def _catalogue(upstream: str) -> dict[str, Any]:
    """Token prices, limits on, in every row."""
    million = 1_000_000
    items = [
        {"meter": meter, "unit": million, "tiers": [{"from": 0, "to": None, "price": price}]}
        for meter, price in (("input_tokens", "2.5"), ("cached_input_tokens", "0.25"), ("output_tokens", "10"))
    ]
    pricing = {"schema": 2, "currency": "CREDIT", "items": items}
    group = {"code": "default", "multiplier": "1", "rpm": 100_000_000, "tpm": 2_000_000_000, "concurrency": 2000}
    limits = {"wallet_rpm": 100_000_000, "wallet_tpm": 2_000_000_000, "wallet_concurrency": 5000}
    return {
        "access_groups": [{**group, **limits}],
        "vendors": [{"code": "double", "name": {"en": "Double"}}],
        "models": [model(name, pricing) for name in MODELS.values()],
        "channels": [channel(upstream, {name: name for name in MODELS.values()})],
    }


def postmaster_of(site: Site) -> int:
    folder = site.one("SELECT setting FROM pg_settings WHERE name = 'data_directory'")
    return int((Path(folder) / "postmaster.pid").read_text().split()[0])


@contextmanager
def _forwarder(upstream: str) -> Iterator[tuple[str, str, dict[str, int]]]:
    port = free_port()
    environment = {**os.environ, "PORT": str(port), "BENCH_UPSTREAM": upstream}
    command = [*ON_SERVER_CORE, sys.executable, "-m", "tests.bench.forwarder"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as started:
        try:
            while status_of(f"http://127.0.0.1:{port}/") == 0:
                if started.poll() is not None:
                    raise RuntimeError("the forwarder did not start")
            yield f"http://127.0.0.1:{port}", "none", {"web": started.pid}
        finally:
            started.terminate()
