"""Run by `python -m tests.wallet.histories`, inside the environment of its database: steps, seed."""

import sys
import time
from itertools import count

import django

django.setup()

from hypothesis import HealthCheck, Phase, seed, settings  # noqa: E402
from hypothesis.stateful import run_state_machine_as_test  # noqa: E402

from tests.wallet.histories import ledger  # noqa: E402
from tests.wallet.histories.histories import Histories  # noqa: E402
from tests.wallet.histories.machine import first_instant  # noqa: E402

HISTORIES = 100
STEPS_EACH = 100
ROUND = settings(
    max_examples=HISTORIES,
    stateful_step_count=STEPS_EACH,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


def main(steps: int, first_seed: int) -> None:
    ledger.install_clock()
    say(f"Seed {first_seed}, {steps:,} steps; time begins at {first_instant():%Y-%m-%d}.")
    began = time.monotonic()
    differences = 1
    try:
        for number in count(first_seed):
            if Histories.steps() >= steps:
                break
            run_state_machine_as_test(seed(number)(Histories), settings=ROUND)
            pace = Histories.steps() / (time.monotonic() - began)
            say(f"seed {number}: {Histories.steps():,} steps, {pace:.0f} a second")
        differences = 0
    finally:
        for act, times in Histories.acts.most_common():
            say(f"{times:9,}  {act}")
        say(f"{Histories.steps():9,}  steps in {time.monotonic() - began:.0f} s, {differences} differences")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


main(*map(int, sys.argv[1:3]))
