"""`python -m tests.storm [--rounds N] [--seed N] [--calls-at-once N]`: rounds of kills under load. Linux only (/proc).

Ends with 1 when a rule was broken. Whatever ends this process, kill -9 included, ends everything that it started.
"""

import argparse
import asyncio
import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from types import FrameType

from config.embedded import guard
from tests.live.site import ROOT
from tests.storm import books
from tests.storm.choices import Round, rounds_of
from tests.storm.fleet import LEASE_SECONDS, Fleet
from tests.storm.load import Load, Receipt
from tests.storm.office import Office
from tests.storm.report import HEAD, Outcome, totals

AFTERWARDS_SECONDS = 1.0
HEAL_SECONDS = LEASE_SECONDS + 40
INTERRUPTED = 130
STOP_SECONDS = 60
IS_KEPT = "--kept"


def main(arguments: list[str]) -> int:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        asked = _asked(arguments)
        return storm(asked) if asked.kept else _keep(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./sluice storm", description="Kills under load, then reads the books.")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=None, help="printed at the start; the same one kills the same")
    parser.add_argument("--calls-at-once", type=int, default=24)
    parser.add_argument(IS_KEPT, action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if min(asked.rounds, asked.calls_at_once) < 1:
        parser.error("a storm has a round and a caller at least")
    return asked


def _state() -> Path:
    return Path(os.environ.get("SLUICE_STATE_DIR") or ROOT / ".sluice").absolute() / "storm"


def _keep(arguments: list[str]) -> int:
    """Runs the storm under a guard in a session of its own, so that Ctrl-C reaches only us."""
    mark = str(_state())
    child = subprocess.Popen(
        guard.command_of("keep", sys.executable, "-m", "tests.storm", IS_KEPT, *arguments),
        env={**os.environ, guard.MARK: mark},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        return child.wait()
    finally:
        if child.stdin:
            child.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(STOP_SECONDS)
        guard.end_marked(mark)  # the guard itself may have been killed


def storm(asked: argparse.Namespace) -> int:
    seed = secrets.randbelow(1 << 32) if asked.seed is None else asked.seed
    say(f"seed {seed}: ./sluice storm --seed {seed} --rounds {asked.rounds} --calls-at-once {asked.calls_at_once}")
    began = time.monotonic()
    mark = os.environ.pop(guard.MARK)
    with Fleet(_state(), mark=mark) as fleet, Office(fleet) as office:
        say(f"{HEAD}")
        outcomes = asyncio.run(_rounds(fleet, office, asked, seed))
        lost = books.receipts_broken(fleet.site, office.receipts) + books.grants_broken(fleet.site, office.granted)
    if not office.receipts:
        lost.append("no call was answered whole: this storm shows nothing")
    outcomes[-1].violations += [f"at the end: {sentence}" for sentence in lost]
    say("\n" + totals(outcomes, time.monotonic() - began))
    for outcome in outcomes:
        for sentence in outcome.violations:
            say(f"round {outcome.round.number}: {sentence}")
    return 1 if any(outcome.violations for outcome in outcomes) else 0


async def _rounds(fleet: Fleet, office: Office, asked: argparse.Namespace, seed: int) -> list[Outcome]:
    outcomes = []
    for made in rounds_of(seed, asked.rounds):
        outcomes.append(await _round(fleet, office, made, at_once=asked.calls_at_once))
        say(outcomes[-1].line())
    return outcomes


async def _round(fleet: Fleet, office: Office, made: Round, *, at_once: int) -> Outcome:
    """Load; in its midst the fault and the way back; then the load ends, the holds of the dead expire, and we look."""
    began, before = time.monotonic(), books.figures(fleet.site)
    load = Load(fleet.url, fleet.keys, seed=made.seed, at_once=at_once)
    is_over = asyncio.Event()
    calling = asyncio.create_task(load.run())
    working = asyncio.create_task(office.work(made, is_over))
    await asyncio.sleep(made.after_seconds)
    await asyncio.to_thread(fleet.strike, made.fault, Random(made.seed))
    await asyncio.to_thread(fleet.restore)
    await asyncio.sleep(AFTERWARDS_SECONDS)
    load.end()
    is_over.set()
    heard, _ = await asyncio.gather(calling, working)
    await asyncio.to_thread(guard.wait_until, lambda: books.open_holds(fleet.site) == 0, HEAL_SECONDS)
    office.receipts += heard.receipts
    return Outcome(
        round=made,
        begun=heard.begun,
        answered=len(heard.receipts),
        statuses=heard.statuses,
        figures=books.figures(fleet.site).since(before),
        seconds=time.monotonic() - began,
        violations=_violations(fleet, office, heard.receipts),
    )


def _violations(fleet: Fleet, office: Office, receipts: list[Receipt]) -> list[str]:
    return books.receipts_broken(fleet.site, receipts) + books.rules_broken(fleet.site) + office.verify()


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  a command's output


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
