"""Keeps processes from outliving who started them, however that one dies: the end of a pipe tells, even of kill -9.

Run as a program it waits for the end of its standard input; it needs only the standard library, so it starts in 20 ms:

    guard.py last-one-out LOCK STOP…     then runs STOP, unless another process still holds LOCK
    guard.py keep COMMAND…               runs COMMAND meanwhile; then ends it and everything that bears its mark
    guard.py shut-postgres DATA          does not wait: ends the PostgreSQL of that data folder
    guard.py shut-valkey SOCKET          does not wait: asks the Valkey behind the socket to save and end
"""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

MARK = "SLUICE_RUN"
"""Environment variable that everything under `keep` carries; its value is the state folder."""

LEFT = b"left"
"""What a user writes before it closes the pipe in order, its lock already given up."""

GRACE_SECONDS = 10.0


def command_of(*arguments: str) -> list[str]:
    """The command line that starts this file as a program."""
    return [sys.executable, "-I", "-S", str(Path(__file__).resolve()), *arguments]


def last_one_out(lock: str, *stop: str) -> int:
    """Runs `stop` if nobody holds the lock any more; new arrivals wait at the lock meanwhile."""
    with Path(lock).open("r+") as users:  # at once: the state folder may be removed under a running server
        has_left = _read_to_end() == LEFT
        # A killed user's pipe may close a moment before its lock does.
        if not wait_until(lambda: _is_taken(users), 0 if has_left else 2):
            return 0
        return subprocess.run(stop, stdin=subprocess.DEVNULL, cwd="/", check=False).returncode


def _is_taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def keep(*command: str) -> int:
    """Runs the command until it ends or standard input does; afterwards nothing with our mark is left."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=_end_with_stdin, args=(child,), daemon=True).start()
    code = child.wait()
    end_marked(os.environ[MARK])
    return code if code >= 0 else 128 - code


def _end_with_stdin(child: subprocess.Popen[bytes]) -> None:
    _read_to_end()
    child.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(GRACE_SECONDS)
    child.kill()


def _read_to_end() -> bytes:
    """All of standard input. Past Python's buffer, whose lock a waiting thread would hold at our exit."""
    pieces = list(iter(lambda: os.read(0, 1024), b""))
    return b"".join(pieces)


def end_marked(mark: str) -> None:
    """Ends every process that bears the mark: asked first, killed after the grace."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        for pid in marked(mark):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal_number)
        if wait_until(lambda: not marked(mark), GRACE_SECONDS):
            return


def marked(mark: str) -> list[int]:
    """The processes, other than this one, whose environment carries the mark."""
    wanted = f"{MARK}={mark}".encode()
    return [pid for pid, words in _environments() if wanted in words and pid != os.getpid()]


def _environments() -> Iterator[tuple[int, list[bytes]]]:
    if not Path("/proc/self/environ").exists():
        yield from _environments_from_ps()
        return
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                yield int(entry.name), (entry / "environ").read_bytes().split(b"\0")


def _environments_from_ps() -> Iterator[tuple[int, list[bytes]]]:
    listing = subprocess.run(["/bin/ps", "axeww", "-o", "pid=,command="], capture_output=True, check=False).stdout
    for line in listing.splitlines():
        pid, *words = line.split()
        yield int(pid), words


def postmaster_of(data: Path) -> int | None:
    """The process id of a data folder's server; None for a file that a killed one left, its number reused or not."""
    try:
        pid = int((data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, 0)
    except (FileNotFoundError, ProcessLookupError, PermissionError, IndexError):
        return None
    command = Path(f"/proc/{pid}/cmdline")  # empty for a dead one that init has not buried yet
    return pid if not command.exists() or b"postgres" in command.read_bytes() else None


def shut_postgres(data: str) -> int:
    """SIGINT is PostgreSQL's fast shutdown: sessions end, everything is written, the pid file vanishes."""
    pid = postmaster_of(Path(data))
    if pid is not None:
        os.kill(pid, signal.SIGINT)
        wait_until(lambda: postmaster_of(Path(data)) is None, 60)
    return 0


def shut_valkey(path: str) -> int:
    """SHUTDOWN saves and ends; the connection closes when it is done."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(GRACE_SECONDS)
        connection.connect(path)
        connection.sendall(b"SHUTDOWN\r\n")
        connection.recv(1024)
    return 0


def wait_until(is_done: Callable[[], bool], seconds: float) -> bool:
    """Polls every 50 ms; False when the time is over."""
    end = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def main(act: str, *arguments: str) -> int:
    acts: dict[str, Callable[..., int]] = {"last-one-out": last_one_out, "keep": keep}
    acts |= {"shut-postgres": shut_postgres, "shut-valkey": shut_valkey}
    return acts[act](*arguments)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
