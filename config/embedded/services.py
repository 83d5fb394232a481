"""Both servers at once: the environment that our processes need, with embedded servers where no URL names others."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from config import env
from config.embedded import postgres, valkey

DATABASE = "sluice"


@contextlib.contextmanager
def running_services(state: Path) -> Iterator[dict[str, str]]:
    """The environment with DATABASE_URL and REDIS_URL; servers that we started end with the block, or with us."""
    environment = dict(os.environ)
    with contextlib.ExitStack() as stack:
        if not env.text("DATABASE_URL"):
            database = postgres.start(state)
            stack.callback(database.stop)
            database.create_database(DATABASE)
            environment["DATABASE_URL"] = database.url(DATABASE)
        if not env.text("REDIS_URL"):
            broker = valkey.start(state)
            stack.callback(broker.stop)
            environment["REDIS_URL"] = broker.url
        yield environment
