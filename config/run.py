"""`./sluice run`: servers, translations, migrations, demo data, then web, worker and beat, all in one terminal.

    python -m config.run                  all of it, until Ctrl-C
    python -m config.run with COMMAND…    only the servers, around one command

Whatever ends this process, kill -9 included, ends everything that it started.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from config import env, translations
from config.embedded import guard
from config.embedded.place import PlaceUnusable
from config.embedded.services import running_services

STATE = Path(env.text("SLUICE_STATE_DIR") or env.ROOT / ".sluice").absolute()
# Development's settings are for an embedded database only: they come with a known key, and on loopback.
IS_DEVELOPMENT = env.flag("DEBUG", default=not env.text("DATABASE_URL") and env.flag("SLUICE_DEMO", default=True))
HAS_DEMO = IS_DEVELOPMENT and env.flag("SLUICE_DEMO", default=True)
PORT = env.integer("PORT", default=8000, minimum=1, maximum=65000)  # honcho counts on from it for other processes

ADDRESSES = """\
  Console      {base}/console/
  Back office  {base}/admin/
"""

INTERRUPTED = 130
START_SECONDS = 120
STOP_SECONDS = 45


class StartRefused(Exception):
    """Sluice cannot start here and now; the text says why and what to do."""


def main(arguments: list[str]) -> int:
    for number in (signal.SIGINT, signal.SIGTERM):  # explicitly: shells start background jobs with SIGINT ignored
        signal.signal(number, _interrupt)
    try:
        return around(arguments[1:]) if arguments[:1] == ["with"] else run()
    except KeyboardInterrupt:
        return INTERRUPTED
    except (StartRefused, PlaceUnusable) as problem:
        print(f"sluice: {problem}", file=sys.stderr)
        return 1


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def around(command: list[str]) -> int:
    """Runs one command with the servers up; Ctrl-C reaches it too, so it decides how to end."""
    with running_services(STATE) as environment:
        child = subprocess.Popen(command, env=_environment(environment))
        while True:
            with contextlib.suppress(KeyboardInterrupt):
                return child.wait()


def run() -> int:
    """Brings everything up and stays until it is interrupted or a process of it ends."""
    with _only_run(), running_services(STATE) as found:
        environment = _environment(found)
        translations.compile_all(env.ROOT / "locale")
        _manage(environment, "migrate", "--verbosity", "0")
        summary = _manage(environment, "demo") if HAS_DEMO else ADDRESSES.format(base=environment["PUBLIC_URL"])
        return _serve(environment, summary)


def _environment(found: dict[str, str]) -> dict[str, str]:
    """What our processes are told, beside what the user set."""
    ours = {
        "SLUICE_STATE_DIR": str(STATE),
        "DEBUG": "1" if IS_DEVELOPMENT else "0",
        "PORT": str(PORT),
        "PUBLIC_URL": env.text("PUBLIC_URL", f"http://127.0.0.1:{PORT}"),
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{found.get('PATH', os.defpath)}",
    }
    return {**found, **ours}


@contextlib.contextmanager
def _only_run() -> Iterator[None]:
    """One run for a state folder, with the port to itself."""
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / ".run").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartRefused(
                f"Sluice already runs with {STATE}. Stop it, or set SLUICE_STATE_DIR and PORT."
            ) from None
        guard.end_marked(str(STATE))  # what a killed run left behind
        _refuse_taken_port()
        yield


def _refuse_taken_port() -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1" if IS_DEVELOPMENT else "0.0.0.0", PORT))  # noqa: S104  as config.web listens
        except OSError as error:
            raise StartRefused(
                f"Port {PORT} is taken ({error.strerror}). Choose another one: PORT={PORT + 1} ./sluice run"
            ) from None


def _manage(environment: dict[str, str], *arguments: str) -> str:
    """What the command printed; its errors go to the terminal."""
    command = [sys.executable, "manage.py", *arguments]
    answer = subprocess.run(command, env=environment, cwd=env.ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if answer.returncode:
        raise StartRefused(f"`manage.py {arguments[0]}` failed; see above.")
    return answer.stdout


def _serve(environment: dict[str, str], summary: str) -> int:
    """Runs the Procfile under a guard in a session of its own, so that Ctrl-C reaches only us."""
    child = subprocess.Popen(
        guard.command_of("keep", sys.executable, "-m", "honcho", "--env", os.devnull, "start"),
        env={**environment, guard.MARK: str(STATE), "PROMETHEUS_MULTIPROC_DIR": _empty_folder("metrics")},
        cwd=env.ROOT,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    threading.Thread(target=_welcome, args=(child, summary), daemon=True).start()
    try:
        return child.wait()
    finally:
        if child.stdin:
            child.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(STOP_SECONDS)
        guard.end_marked(str(STATE))  # the guard itself may have been killed


def _empty_folder(name: str) -> str:
    folder = STATE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return str(folder)


def _welcome(child: subprocess.Popen[bytes], summary: str) -> None:
    """Prints where everything is as soon as the web process answers."""
    if guard.wait_until(lambda: child.poll() is not None or _is_up(), START_SECONDS) and child.poll() is None:
        print(f"\nSluice is up. Ctrl-C stops everything.\n\n{summary}", flush=True)


def _is_up() -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
