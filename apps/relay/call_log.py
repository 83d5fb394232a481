"""One structured line a call. Lines gather for a quarter of a second and are written at once (`core.logs.Lines`)."""

import asyncio
import logging
from collections.abc import Mapping

from apps.core.logs import Lines

SECONDS = 0.25
MOST = 1_000

logger = logging.getLogger("sluice.calls")
_waiting: list[Mapping[str, object]] = []
_loops: set[asyncio.AbstractEventLoop] = set()
"""The loop on which the next write is due, if any."""


def note(entry: Mapping[str, object]) -> None:
    """Write this line soon. On an event loop only."""
    if not logger.isEnabledFor(logging.INFO):
        return
    _waiting.append(entry)
    loop = asyncio.get_running_loop()
    if len(_waiting) >= MOST:
        flush()
    elif loop not in _loops:
        _loops.clear()
        _loops.add(loop)
        loop.call_later(SECONDS, flush)


def flush() -> None:
    """Write what waits; also the last act of a process that stops."""
    _loops.clear()
    if _waiting:
        entries = _waiting.copy()
        _waiting.clear()
        logger.info(Lines(entries))
