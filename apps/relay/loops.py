"""Work that a process repeats beside its calls. A database that is away is waited for; anything else ends the work."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import psycopg
from django.db import Error as DatabaseError

from apps.wallet.errors import LedgerUnavailable

T = TypeVar("T")

logger = logging.getLogger(__name__)

AWAY = (DatabaseError, psycopg.Error, OSError, LedgerUnavailable)


async def repeat(act: Callable[[], Awaitable[object]], *, every: float, hint: asyncio.Event | None = None) -> None:
    """Runs `act` for ever, `every` seconds apart, sooner when hinted at."""
    while True:
        try:
            await act()
        except AWAY as error:
            logger.warning("%s waits for the database: %s", _name(act), type(error).__name__)
        await _pause(every, hint)


async def insist(act: Callable[[], Awaitable[T]], *, every: float) -> T:
    """The answer of `act`, tried until the database is there."""
    while True:
        try:
            return await act()
        except AWAY as error:
            logger.warning("Waiting for the database: %s", error)
            await asyncio.sleep(every)


async def listen(dsn: str, channel: str, hint: asyncio.Event) -> None:
    """Sets `hint` whenever somebody notifies `channel`. Ends with its connection; `repeat` begins it again."""
    connection = await psycopg.AsyncConnection.connect(dsn, autocommit=True)
    async with connection:
        await connection.execute(f"LISTEN {channel}".encode())
        async for _ in connection.notifies():
            hint.set()


async def _pause(seconds: float, hint: asyncio.Event | None) -> None:
    if hint is None:
        await asyncio.sleep(seconds)
        return
    try:
        await asyncio.wait_for(hint.wait(), seconds)
    except TimeoutError:
        return
    hint.clear()


def _name(act: Callable[[], Awaitable[object]]) -> str:
    return getattr(act, "__qualname__", repr(act))
