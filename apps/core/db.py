"""Ways to the database from outside the ORM's usual thread: a small pool for async code, the direct address."""

import asyncio
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections, connection, transaction

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 4


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="orm")


def _with_fresh_connections(fn: Callable[[], T]) -> T:
    close_old_connections()
    try:
        return fn()
    finally:
        close_old_connections()


async def in_thread(fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs ORM code beside the event loop, on threads of our own, so that a slow query holds up no other work."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_pool(), _with_fresh_connections, partial(fn, *args, **kwargs))


@contextmanager
def patient_transaction() -> Iterator[None]:
    """A transaction that may take its time and may wait for another run."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '10min'")
        cursor.execute("SET LOCAL lock_timeout = '10min'")
        yield


def direct_dsn() -> str:
    """The address for long-lived connections, past any pooler: ledger, LISTEN, leases.

    Follows the test runner: the name of the database is that of Django's default connection.
    """
    name = str(settings.DATABASES["default"]["NAME"])
    return re.sub(r"(?<=[^:/]/)[^/?]*(?=$|\?)|(?<=:///)[^/?]*(?=$|\?)", name, settings.DATABASE_DIRECT_URL, count=1)
