"""Where an embedded server keeps its files and as whom it runs. As root that is another user, who must reach them."""

import contextlib
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

SHARED_FOLDER = Path("/var/lib/sluice-dev")
"""Root's place for data and binaries when the project lies where no other user may look, such as in /root."""

# A Unix socket's path has at most 103 bytes (macOS) or 107 (Linux), its own name included.
MAX_SOCKET_FOLDER_BYTES = 80


class PlaceUnusable(Exception):
    """The state folder cannot be used as it is; the text says what to do."""


class SwitchUser(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Place:
    """A folder, and the account that its servers run as; None means ourselves."""

    folder: Path
    account: pwd.struct_passwd | None

    @property
    def switch(self) -> SwitchUser:
        """Arguments for `subprocess` that start a program as the place's account."""
        if self.account is None:
            return {}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}

    def private_folder(self, path: Path) -> Path:
        """Makes the folder, 0700 and owned by the account; a `chmod -R` of the project is put right again."""
        uid = self.account.pw_uid if self.account else os.geteuid()
        path.mkdir(mode=0o700, exist_ok=True)
        if path.is_symlink() or path.lstat().st_uid not in {uid, os.geteuid()}:
            raise PlaceUnusable(
                f"{path} belongs to someone else. Remove it, or set SLUICE_STATE_DIR to another folder."
            )
        path.chmod(0o700)
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)
        return path

    def socket_folder(self, name: str) -> Path:
        """Where a server listens: in the folder, or in /tmp when its path is too long or awkward inside a URL."""
        path = self.folder / name
        if len(str(path)) <= MAX_SOCKET_FOLDER_BYTES and _is_plain(path):
            return path
        return Path(tempfile.gettempdir()) / f"sluice-{os.geteuid()}-{_digest(path)}"

    def can_enter(self, path: Path) -> bool:
        command = ["/bin/sh", "-c", 'test -x "$1"', "-", str(path)]
        return subprocess.run(command, cwd="/", check=False, **self.switch).returncode == 0

    def launch(self, command: Sequence[str], log: Path) -> int:
        """Starts a program that answers to no terminal and outlives us; returns its process id."""
        # The shell ends at once, so the server is nobody's child here, and its log is a file, not a pipe of ours.
        script = 'log=$1; shift; "$@" </dev/null >>"$log" 2>&1 & echo $!'
        answer = subprocess.run(
            ["/bin/sh", "-c", script, "-", str(log), *command],
            cwd="/",
            env=own_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
            check=True,
            **self.switch,
        )
        return int(answer.stdout)

    def reachable(self, folder: Path, program: str, *, version: str, libraries: Path | None = None) -> Path:
        """The folder if the account can run `program` in it; else a copy that it can, with its `libraries` beside."""
        if self.can_enter(folder / program):
            return folder
        copy = SHARED_FOLDER / version
        if not copy.exists():
            _make_open(SHARED_FOLDER)
            with tempfile.TemporaryDirectory(dir=SHARED_FOLDER) as draft:
                _copy_aside(folder, libraries, Path(draft), copy)
        return copy / folder.parent.name / folder.name


def place_at(folder: Path) -> Place:
    """The place of a state folder; elsewhere for root when the servers' account could not enter the folder at first."""
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        return Place(folder, None)
    account = _server_account()
    here = Place(folder, account)
    there = Place(SHARED_FOLDER / _digest(folder), account)
    # Data stays where it is, whatever became of the folder's permissions since.
    if _has_data(there.folder) or not (_has_data(folder) or here.can_enter(folder)):
        _make_open(SHARED_FOLDER)
        _make_open(there.folder)
        return there
    if not here.can_enter(folder):
        raise PlaceUnusable(f"The servers run as {account.pw_name}, who may not enter {folder} any more.")
    return here


def _has_data(folder: Path) -> bool:
    return (folder / "pg").exists() or (folder / "valkey").exists()


def own_environment() -> dict[str, str]:
    """Our environment without PG* variables: they would lead PostgreSQL's programs to another server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C"}


def _server_account() -> pwd.struct_passwd:
    accounts = {account.pw_name: account for account in pwd.getpwall()}
    return accounts.get("postgres") or accounts["nobody"]


def _make_open(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)


def _copy_aside(folder: Path, libraries: Path | None, draft: Path, copy: Path) -> None:
    """Copies in full, then renames: a starter that is killed, or slower than another, leaves nothing half done."""
    tree = draft / "tree"
    shutil.copytree(folder, tree / folder.parent.name / folder.name, symlinks=True)
    if libraries:
        shutil.copytree(libraries, tree / libraries.name)
    with contextlib.suppress(OSError):
        tree.rename(copy)


def _is_plain(path: Path) -> bool:
    return all(character.isascii() and (character.isalnum() or character in "/._-+") for character in str(path))


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
