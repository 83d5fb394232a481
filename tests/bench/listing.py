"""`python -m tests.bench.listing`: the CPU that a list of 500 models costs, cold and warm, on the page and on the API.

Cold: the catalogue changed since the last request, so that all of it is read again. Warm: nothing did.
"""

import os
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg

from tests.bench import cpu
from tests.bench.phases import say
from tests.bench.report import Row
from tests.bench.targets import ON_SERVER_CORE
from tests.live.site import ROOT, Site, Web

MODELS: Final = 500
MOST_MS: Final = 50
PATHS: Final = {
    "page of 20": "/models",
    "filtered page": "/models?type=chat&capability=tools&sort=price&search=model",
    "API, 200 models": "/api/models?limit=200",
}
CHANGE: Final = "INSERT INTO marketplace_cataloguemark (topic) VALUES ('models')"


@dataclass(frozen=True)
class Figure:
    what: str
    milliseconds: float


def listing_figures(state: Path, *, rounds: int) -> list[Figure]:
    """CPU milliseconds a request in the web process, everything from the socket to the answer included."""
    with Site(state) as site:
        site.seed({"catalogue": _catalogue(), "teams": []})
        web = site.start_web(wrap=ON_SERVER_CORE)
        with psycopg.connect(site.dsn, autocommit=True) as database:
            for path in PATHS.values():
                _get(web, path, times=10)
            figures = []
            for name, path in PATHS.items():
                figures.append(Figure(f"{name}, warm", _cpu_of(web, path, rounds, database=None)))
                figures.append(Figure(f"{name}, cold", _cpu_of(web, path, rounds, database=database)))
            return figures


def _cpu_of(web: Web, path: str, rounds: int, *, database: "psycopg.Connection[Any] | None") -> float:
    before = cpu.seconds(web.pid)
    for _ in range(rounds):
        if database is not None:
            database.execute(CHANGE)
        _get(web, path, times=1)
    return (cpu.seconds(web.pid) - before) / rounds * 1000


def _get(web: Web, path: str, *, times: int) -> None:
    for _ in range(times):
        with urllib.request.urlopen(f"{web.url}{path}") as answer:
            answer.read()


def _catalogue() -> dict[str, Any]:
    return {
        "access_groups": [{"code": "default", "multiplier": "1"}],
        "vendors": [{"code": f"vendor-{n}", "name": {"en": f"Vendor {n}", "zh-hans": f"厂商 {n}"}} for n in range(12)],
        "models": [_model(n) for n in range(MODELS)],
    }


def _model(n: int) -> dict[str, Any]:
    """As much text and as many prices as the longest entries of the demo's catalogue have."""
    meters = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "cache_write_12h_tokens")
    tiers = [{"from": 0, "to": 272_001, "price": "2.5"}, {"from": 272_001, "to": None, "price": "5"}]
    return {
        "id": f"model-{n}",
        "type": "chat",
        "vendor": f"vendor-{n % 12}",
        "lifecycle": "ga",
        "display_config": {
            "title": {"en": f"Model {n}", "zh-hans": f"模型 {n}"},
            "summary": {"en": "Chat with tools, vision and reasoning.", "zh-hans": "对话，支持工具调用、视觉和推理。"},
            "order": n,
            "capabilities": ["chat", "tools", "vision", "reasoning", "prompt_caching"],
            "modalities": {"input": ["text", "image"], "output": ["text"]},
            "context_length": 922_000,
            "max_output": 128_000,
        },
        "pricing_config": {
            "schema": 2,
            "currency": "USD",
            "tier_mode": "volume",
            "tier_by": "input_tokens",
            "items": [{"meter": meter, "unit": 1_000_000, "tiers": tiers} for meter in meters],
        },
        "access_groups": ["default"],
    }


def rows_of(figures: list[Figure]) -> list[Row]:
    """For the table of `./sluice bench`."""
    return [
        (
            f"web CPU of a list of {MODELS} models: {figure.what}",
            f"{figure.milliseconds:.0f} ms",
            "",
            "",
            f"< {MOST_MS} ms",
        )
        for figure in figures
    ]


def main() -> None:
    state = Path(os.environ.get("SLUICE_STATE_DIR") or ROOT / ".sluice").absolute() / "bench-listing"
    for figure in listing_figures(state, rounds=100):
        say(f"{figure.what}: {figure.milliseconds:.1f} ms")


if __name__ == "__main__":
    main()
