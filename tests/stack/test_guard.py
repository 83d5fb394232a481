"""The guard of a run: whoever is killed, nothing that the run started is left."""

import os
import signal
import subprocess
import uuid

import pytest

from config.embedded import guard

pytestmark = pytest.mark.live

# A command with a child in a session of its own, as honcho starts them.
FAMILY = ["/bin/sh", "-c", "setsid sleep 60 & setsid sleep 60 & wait"]


@pytest.fixture
def mark() -> str:
    return f"/test/{uuid.uuid4()}"


def guarded(mark: str, *command: str) -> subprocess.Popen[bytes]:
    keeper = subprocess.Popen(
        guard.command_of("keep", *command),
        env={**os.environ, guard.MARK: mark},
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    assert guard.wait_until(lambda: len(guard.marked(mark)) >= 4, 10)
    return keeper


def test_the_end_of_its_starter_ends_everything(mark):
    keeper = guarded(mark, *FAMILY)

    keeper.communicate()  # closes the pipe, as our death would

    assert guard.marked(mark) == []


def test_a_killed_command_takes_its_children_along(mark):
    keeper = guarded(mark, *FAMILY)
    command = int(subprocess.check_output(["pgrep", "-P", str(keeper.pid)]))

    os.kill(command, signal.SIGKILL)

    assert guard.wait_until(lambda: keeper.poll() is not None, 20)
    assert guard.marked(mark) == []
    keeper.communicate()


def test_the_next_run_ends_what_a_killed_guard_left(mark):
    keeper = guarded(mark, *FAMILY)
    keeper.kill()
    keeper.communicate()
    assert guard.marked(mark)

    guard.end_marked(mark)

    assert guard.marked(mark) == []


def test_a_command_that_ends_by_itself_passes_its_code_on(mark):
    keeper = subprocess.Popen(
        guard.command_of("keep", "/bin/sh", "-c", "exit 7"),
        env={**os.environ, guard.MARK: mark},
        stdin=subprocess.PIPE,
    )

    assert keeper.wait(20) == 7
    keeper.communicate()
