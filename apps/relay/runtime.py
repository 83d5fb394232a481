"""What the relay runs on in one process: its ledger, snapshots and transports, started and stopped with the server.

Without a started runtime (tests, commands, Django's own server) everything goes through Django's connection.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async

from apps.core import partitions
from apps.core.clock import now
from apps.core.db import direct_dsn, in_thread
from apps.relay import counting, settlement
from apps.relay.leases import Patience
from apps.relay.loops import AWAY, insist, listen, repeat
from apps.relay.refusals import RefusalCounter
from apps.relay.reservation import CALL_SECONDS
from apps.relay.snapshots import FreshSnapshots, LiveSnapshots
from apps.relay.transports import Transports, new_transport
from apps.relay.types import ChannelSnapshot, UpstreamTransport
from apps.usage import services as usage
from apps.wallet import services as wallet
from apps.wallet.batching import Direct, GroupCommit, Ledger
from apps.wallet.types import TASKS_OWNER

P = ParamSpec("P")
T = TypeVar("T")


HEARTBEAT_SECONDS = 5.0
EXPIRY_SECONDS = 5.0
POLL_SECONDS = 1.0
REFUSALS_SECONDS = 10.0
PARTITIONS_SECONDS = 10.0
RETRY_SECONDS = 1.0
DRAIN_SECONDS = 30.0
NOTIFIED = "relay_snapshots"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Runtime:
    """What the pipeline works with."""

    ledger: Ledger
    snapshots: LiveSnapshots
    transports: Callable[[ChannelSnapshot], UpstreamTransport]
    refusals: RefusalCounter = field(default_factory=RefusalCounter)
    call_seconds: float = CALL_SECONDS


# -- The runtime in use --------------------------------------------------------------------------

_in_use: Runtime | None = None


def get_runtime() -> Runtime:
    """The started runtime of this process; without one, a new one on Django's connection."""
    return _in_use or direct_runtime()


@contextmanager
def use_runtime(runtime: Runtime) -> Iterator[Runtime]:
    """Serves calls from this runtime meanwhile."""
    global _in_use  # noqa: PLW0603  one process, one runtime
    before, _in_use = _in_use, runtime
    try:
        yield runtime
    finally:
        _in_use = before


def direct_runtime(transports: Callable[[ChannelSnapshot], UpstreamTransport] | None = None) -> Runtime:
    """Sees what Django's connection sees, an open transaction included. Slow: every sign-in reads everything."""
    return Runtime(
        Direct(TASKS_OWNER, settlement.SETTLE), FreshSnapshots(run=_on_own_connection), transports or new_transport
    )


async def _on_own_connection(fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return await sync_to_async(fn, thread_sensitive=True)(*args, **kwargs)


# -- A serving process ---------------------------------------------------------------------------


class Keeper:
    """Keeps one process's runtime alive: the owner's lease, the snapshots, the holds that dead processes left."""

    def __init__(self, owner_id: int, dsn: str) -> None:
        self._owner_id = owner_id
        self._dsn = dsn
        self._hint = asyncio.Event()
        self._patience = Patience(wallet.LEASE.total_seconds())
        self._transports = Transports()
        self._tasks: list[asyncio.Task[None]] = []
        self._ledger = GroupCommit(dsn, owner_id, settlement.SETTLE)
        self.runtime = Runtime(self._ledger, LiveSnapshots(), self._transports)

    async def start(self) -> None:
        await self._ledger.start()
        await insist(self.runtime.snapshots.poll, every=RETRY_SECONDS)
        self._begin(self._keep_up, every=POLL_SECONDS, hint=self._hint)
        self._begin(partial(listen, self._dsn, NOTIFIED, self._hint), every=RETRY_SECONDS)
        self._begin(self._renew_lease, every=HEARTBEAT_SECONDS)
        self._begin(self._expire_holds, every=EXPIRY_SECONDS)
        self._begin(self._flush_refusals, every=REFUSALS_SECONDS)
        self._begin(self._look_ahead, every=PARTITIONS_SECONDS)

    async def stop(self) -> None:
        """Waits for calls under way and settles them, then ends the lease, so that nobody waits for it to run out."""
        left = await settlement.drain(DRAIN_SECONDS)
        if left:
            logger.warning("%s calls were still under way after %s s; others will expire them.", left, DRAIN_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._ledger.stop()
        with suppress(*AWAY):  # then the lease runs out by itself
            await in_thread(wallet.end_owner, self._owner_id)
        with suppress(*AWAY):
            await self._flush_refusals()
        await self._transports.aclose()

    @property
    def is_well(self) -> bool:
        """Whether the database was seen within the last ten seconds, the ledger works and all upkeep goes on."""
        return (
            self._ledger.is_alive and self.runtime.snapshots.is_fresh and not any(task.done() for task in self._tasks)
        )

    def _begin(self, act: Callable[[], Awaitable[object]], *, every: float, hint: asyncio.Event | None = None) -> None:
        task = asyncio.create_task(repeat(act, every=every, hint=hint))
        task.add_done_callback(_log_defect)
        self._tasks.append(task)

    async def _renew_lease(self) -> None:
        """A process that slept for a day may find its owner forgotten: nobody may take its next holds for dead ones."""
        if not await in_thread(wallet.heartbeat, self._owner_id):
            self._owner_id = await in_thread(wallet.register_owner)
            self._ledger.act_as(self._owner_id)
        self._patience.note_renewal(monotonic())

    async def _expire_holds(self) -> None:
        while self._patience.may_judge(monotonic()) and (await in_thread(wallet.expire_holds) >= wallet.EXPIRE_AT_MOST):
            pass  # more of them wait

    async def _keep_up(self) -> None:
        snapshots = self.runtime.snapshots
        before = snapshots.channels
        await snapshots.poll()
        if snapshots.channels is not before:
            self._transports.keep_only(snapshots.channels)

    async def _look_ahead(self) -> None:
        """A call is not begun when its charge would find no partition. Partitions reach months ahead; see `/readyz`."""
        at = now()
        until = await in_thread(partial(partitions.covered_until, at=at))
        if until <= at:
            logger.error("Calls are refused: a table has no partition for now. `manage.py migrate` makes it.")
        self._ledger.book_until(until)

    async def _flush_refusals(self) -> None:
        """Each count is given once: what does not reach the database is lost, as in a crash."""
        if counts := self.runtime.refusals.drain():
            await in_thread(usage.add_refusals, counts)


def _log_defect(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("The relay's upkeep ended; the process will report not ready.", exc_info=error)


_keeper: Keeper | None = None


async def start() -> None:
    """Makes this process serve calls; waits for the database. For the server's start, on its event loop."""
    global _keeper, _in_use  # noqa: PLW0603  one process, one runtime
    counting.warm_up()
    owner_id = await insist(partial(in_thread, wallet.register_owner), every=RETRY_SECONDS)
    _keeper = Keeper(owner_id, direct_dsn())
    await _keeper.start()
    _in_use = _keeper.runtime


async def stop() -> None:
    """Ends this process's part, once no new calls come. Safe to call without a start."""
    global _keeper, _in_use
    keeper, _keeper, _in_use = _keeper, None, None
    if keeper is not None:
        await keeper.stop()


def is_ready() -> bool:
    """Whether calls would be answered here. A process that serves none has nothing to be unready for."""
    return _keeper is None or _keeper.is_well
