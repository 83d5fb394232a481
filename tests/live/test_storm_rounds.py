"""A short storm, as `./sluice storm` runs it."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from config.embedded import guard
from tests.live.site import ROOT
from tests.storm.choices import FAULTS, rounds_of

pytestmark = pytest.mark.live

STATE = Path(os.environ["SLUICE_STATE_DIR"]).parent / "test-storm"
ENVIRONMENT = {**os.environ, "SLUICE_STATE_DIR": str(STATE)}
MARK = str(STATE / "storm")


@pytest.mark.timeout(400)
def test_two_rounds_leave_no_violation_and_nothing_running() -> None:
    command = [sys.executable, "-m", "tests.storm", "--rounds", "2", "--seed", "13", "--calls-at-once", "8"]

    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=380, check=False)

    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert done.stdout.startswith("seed 13: ./sluice storm --seed 13")
    assert re.search(r"^violations 0$", done.stdout, re.MULTILINE)
    assert [made.fault in done.stdout for made in rounds_of(13, 2)] == [True] * 2
    assert guard.marked(MARK) == []


@pytest.mark.timeout(200)
def test_an_interrupted_storm_ends_all_that_it_started() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.storm"], cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    ) as storm:
        assert storm.stdout is not None
        assert storm.stdout.readline().startswith("seed ")
        assert storm.stdout.readline().startswith("round ")  # everything is up

        storm.send_signal(signal.SIGINT)

        assert storm.wait(120) == 130
    assert guard.marked(MARK) == []


def test_a_seed_decides_what_dies_and_when_and_every_fault_has_its_turn() -> None:
    rounds = list(rounds_of(5, 14))

    assert rounds == list(rounds_of(5, 14))
    assert rounds != list(rounds_of(6, 14))
    assert {made.fault for made in rounds[:7]} == {made.fault for made in rounds[7:]} == set(FAULTS)
