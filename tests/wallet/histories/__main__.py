"""`python -m tests.wallet.histories [--steps N] [--seed N]`: random histories on a database of their own.

It finishes the round that it is in when `--steps` are reached: up to 10,000 more. Prints the seed of each round, how
many steps were run, the acts by kind and the differences that were found. A difference ends the run with 1 and prints
the shortest history that shows it; `--seed` of its round finds it again.
"""

import argparse
import base64
import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path

from config.embedded import postgres
from tests import databases

ROOT = Path(__file__).resolve().parents[3]
RUN = [sys.executable, "-m", "tests.wallet.histories.rounds"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="./sluice histories", description=__doc__)
    parser.add_argument("--steps", type=int, default=100_000, help="start no round after so many; default 100,000")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="of the first round")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that what was started ends, too
    state = Path(os.environ.get("SLUICE_STATE_DIR") or ROOT / ".sluice").absolute() / "histories"
    server = postgres.start(state, postgres.TEST_SETTINGS)
    name = f"histories_{os.getpid()}"
    try:
        url = databases.copy(server.url("postgres"), name)
        command = [*RUN, str(asked.steps), str(asked.seed)]
        return subprocess.run(command, cwd=ROOT, env=_environment(url), check=False).returncode
    finally:
        databases.drop(server.url("postgres"), name)
        server.stop()


def _environment(url: str) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": url,
        "DATABASE_DIRECT_URL": url,
        "REDIS_URL": "redis://127.0.0.1:1",
        "DEBUG": "0",
        "SECRET_KEY": secrets.token_hex(32),
        "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(b"k" * 32).decode(),
    }


if __name__ == "__main__":
    sys.exit(main())
