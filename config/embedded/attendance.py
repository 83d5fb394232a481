"""Who uses a server now. Every process that attaches holds a shared lock; the last one out stops the server."""

import contextlib
import fcntl
import subprocess
from collections.abc import Iterator
from typing import IO

from config.embedded import guard
from config.embedded.place import Place


class Attendance:
    """One process's attachment to one server, from `join` to `leave`, or to that process's death."""

    def __init__(self, place: Place, name: str) -> None:
        self._place = place
        self._gate = place.folder / f".{name}.starting"
        self._lock = place.folder / f".{name}.users"
        self._held: IO[str] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None

    @contextlib.contextmanager
    def joining(self, *stop: str) -> Iterator[None]:
        """Held while the server is looked for or started; afterwards we are one of its users."""
        with self._gate.open("a") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            self._held = self._lock.open("a")
            fcntl.flock(self._held, fcntl.LOCK_SH)  # waits while the last user's watcher stops the server
            self._watcher = self._watch(*stop)
            try:
                yield
            except BaseException:
                self.leave()
                raise

    def leave(self) -> None:
        """Gives up our share; when this returns and we were the last, the server has ended."""
        if self._held is None or self._watcher is None or self._watcher.stdin is None:
            return
        self._held.close()
        with contextlib.suppress(BrokenPipeError):
            self._watcher.stdin.write(guard.LEFT)
            self._watcher.stdin.close()
        self._watcher.wait(60)
        self._held = self._watcher = None

    def _watch(self, *stop: str) -> subprocess.Popen[bytes]:
        # Started as ourselves, since the lock file is ours; `stop` must cope with that.
        return subprocess.Popen(
            guard.command_of("last-one-out", str(self._lock), *stop),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
