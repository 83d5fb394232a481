"""What is measured, for each target in turn, so that whatever the machine does besides hits all of them alike."""

import json
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.bench.targets import MODELS, ON_LOAD_CORE, Target
from tests.live.site import ROOT


@dataclass(frozen=True)
class Phase:
    name: str
    model: str
    callers: int
    calls: int
    stream: bool = False

    def quick(self) -> "Phase":
        calls = max(self.callers * 2, self.calls // 4)
        return Phase(self.name, self.model, self.callers, calls, self.stream)


PHASES = [
    Phase("1 caller", "plain", 1, 300),
    Phase("32 callers", "plain", 32, 8000),
    Phase("64 callers", "plain", 64, 12000),
    Phase("40-chunk streams", "stream40", 32, 480, stream=True),
    Phase("200-chunk streams", "stream200", 32, 128, stream=True),
]
HELD = 1000

Measured = dict[str, dict[str, list[dict[str, Any]]]]
"""Phase, then target, then one figure set a round."""


def measure(targets: list[Target], phases: Iterable[Phase], rounds: int) -> Measured:
    found: Measured = defaultdict(lambda: defaultdict(list))
    for number in range(rounds):
        for phase in phases:
            for target in targets if number % 2 == 0 else reversed(targets):
                figures = _load(target, phase)
                found[phase.name][target.name].append(figures)
                say(f"round {number + 1}, {phase.name}, {target.name}: {_brief(figures)}")
    return found


def held_memory(target: Target) -> dict[str, Any]:
    """Memory of the server with a thousand streams of 1 KiB requests open."""
    arguments = ["--hold", "--stream", "--callers", str(HELD), "--calls", str(HELD), "--bytes", "900"]
    return _run(target, "long", arguments)


def _load(target: Target, phase: Phase) -> dict[str, Any]:
    arguments = ["--callers", str(phase.callers), "--calls", str(phase.calls)]
    arguments += ["--warm", str(phase.callers * (1 if phase.stream else 4))]
    return _run(target, phase.model, arguments + (["--stream"] if phase.stream else []))


def _run(target: Target, model: str, arguments: list[str]) -> dict[str, Any]:
    command = [*ON_LOAD_CORE, sys.executable, "-m", "tests.bench.load", "--url", f"{target.url}/v1/chat/completions"]
    command += ["--key", target.key, "--model", MODELS[model], *arguments]
    for name, pid in target.pids.items():
        command += ["--watch", f"{name}={pid}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    figures: dict[str, Any] = json.loads(done.stdout)
    if figures["faults"]:
        raise RuntimeError(f"{target.name} answered wrongly, so nothing was measured: {figures['faults']}")
    return figures


def middle(rows: list[dict[str, Any]], key: str, part: str = "") -> float:
    return statistics.median(float(row[key][part] if part else row[key]) for row in rows)


def _brief(figures: dict[str, Any]) -> str:
    cpu = ", ".join(f"{name} {value:.0f} µs" for name, value in figures["cpu_us"].items())
    return f"{figures['calls_per_second']:.0f} calls/s, p50 {figures['p50_ms']:.1f} ms, {cpu}"


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  a command's output
