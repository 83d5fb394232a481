"""Loaded by pytest before Django's settings: the servers of the run, unless URLs name others.

PostgreSQL starts at once. Valkey starts with the first test that asks for the fixture `valkey`; until then its address
answers nobody, so that every test proves that nothing which matters depends on it.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from redis import Redis

from config import translations
from config.embedded import postgres, valkey

ROOT = Path(__file__).resolve().parent.parent
STATE = Path(os.environ.get("SLUICE_STATE_DIR") or ROOT / ".sluice").absolute() / "test"

_running: list[postgres.Server] = []


def _start() -> None:
    translations.compile_all(ROOT / "locale")
    os.environ["SLUICE_STATE_DIR"] = str(STATE)
    os.environ.setdefault("FIELD_ENCRYPTION_KEYS", Fernet.generate_key().decode())
    if not os.environ.get("DATABASE_URL"):
        database = postgres.start(STATE, postgres.TEST_SETTINGS)
        os.environ["DATABASE_URL"] = database.url("postgres")
        _running.append(database)
    if not os.environ.get("REDIS_URL"):
        os.environ["REDIS_URL"] = valkey.address(STATE)


_start()


def pytest_unconfigure() -> None:
    while _running:
        _running.pop().stop()


@pytest.fixture(scope="session")
def broker_url() -> Iterator[str]:
    """A running Valkey behind REDIS_URL, for the rest of the run."""
    url = os.environ["REDIS_URL"]
    if url != valkey.address(STATE):
        yield url
        return
    server = valkey.start(STATE)
    Redis.from_url(url).flushall()  # what an earlier run left
    yield url
    server.stop()
