"""A short storm, as `./sluice storm` runs it."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from config.embedded import guard, valkey
from config.embedded.place import place_at
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
    assert is_quiet()


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_an_interrupted_or_killed_storm_ends_all_that_it_started(sent: signal.Signals, code: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.storm"], cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    ) as storm:
        assert storm.stdout is not None
        assert storm.stdout.readline().startswith("seed ")
        assert storm.stdout.readline().startswith("round ")  # everything is up

        storm.send_signal(sent)

        assert storm.wait(120) == code
    assert guard.wait_until(is_quiet, 60)


def is_quiet() -> bool:
    """Whether neither a process nor a server of the storm runs."""
    place = place_at(STATE / "storm")
    postmaster = guard.postmaster_of(place.folder / "pg")
    return not guard.marked(MARK) and postmaster is None and not answers(valkey.address(STATE / "storm"))


def answers(url: str) -> bool:
    try:
        with Redis.from_url(url) as client:
            return bool(client.ping())
    except RedisError:
        return False


def test_a_seed_decides_what_dies_and_when_and_every_fault_has_its_turn() -> None:
    rounds = list(rounds_of(5, 14))

    assert rounds == list(rounds_of(5, 14))
    assert rounds != list(rounds_of(6, 14))
    assert {made.fault for made in rounds[:7]} == {made.fault for made in rounds[7:]} == set(FAULTS)
