"""One connection and the queue before it: batches, resends, deadlines. Knows nothing of what it carries."""

import asyncio
import logging
import struct
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import psycopg
from psycopg import AsyncConnection, conninfo

from apps.core import metrics
from apps.wallet.errors import LedgerBusy, LedgerFault, LedgerUnavailable
from apps.wallet.packing import Packed, PackedDumper

log = logging.getLogger(__name__)

BATCH = 200
CONNECT_SECONDS = 5
HANG_SECONDS = 10.0
PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 1.0
DRAIN_SECONDS = 20.0
HELD_UP_SECONDS = 3.0
SESSION = "-c statement_timeout=5s -c lock_timeout=2s -c idle_in_transaction_session_timeout=10s -c jit=off"

Request = TypeVar("Request")
Answer = TypeVar("Answer")

# The database is there and asks to be asked again; nothing was written.
_AGAIN = (
    psycopg.errors.QueryCanceled,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.DiskFull,
)
# PostgreSQL has no code of its own for a spent disk quota or a limit on the size of files; the place tells.
_EXTENDING = {"mdextend", "mdzeroextend"}


class Send(Protocol[Request, Answer]):  # type: ignore[misc]
    """Runs one batch on a connection and returns an answer for each request, in order."""

    async def __call__(
        self, connection: AsyncConnection, batch: Sequence[Request], *, resend: bool
    ) -> list[Answer]: ...


@dataclass(slots=True)
class _Entry(Generic[Request, Answer]):
    request: Request
    answer: asyncio.Future[Answer] | None
    since: float
    sent: bool = False

    @property
    def is_waited_for(self) -> bool:
        return self.answer is not None and not self.answer.done()


class Lane(Generic[Request, Answer]):
    """Requests in, answers out, in batches of at most 200, one batch under way at a time.

    Without a deadline a request waits as long as it takes and is sent even when its caller has left. With one, a
    request that nobody waits for any more is dropped before it is sent; afterwards, `unwanted` hears of its answer.
    """

    def __init__(
        self,
        name: str,
        dsn: str,
        *,
        send: Send[Request, Answer],
        key_of: Callable[[Request], Hashable],
        at_most: int | None = None,
        deadline_seconds: float | None = None,
        unwanted: Callable[[Request, Answer], None] | None = None,
    ) -> None:
        self._name = name
        self._dsn = conninfo.make_conninfo(
            dsn,
            options=SESSION,
            application_name=f"sluice ledger {name}",
            connect_timeout=CONNECT_SECONDS,
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
            tcp_user_timeout=8000,
        )
        self._send = send
        self._key_of = key_of
        self._at_most = at_most
        self._deadline_seconds = deadline_seconds
        self._unwanted = unwanted
        self._waiting: deque[_Entry[Request, Answer]] = deque()
        self._wake = asyncio.Event()
        self._connection: AsyncConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._failing_since: float | None = None

    @property
    def is_held_up(self) -> bool:
        """Whether the database has not carried out a batch for so long that more should not be begun."""
        since = self._failing_since
        return since is not None and asyncio.get_running_loop().time() - since > HELD_UP_SECONDS

    @property
    def is_alive(self) -> bool:
        """Whether requests are taken; a defect may have ended the work."""
        return not self._is_stopping and self._task is not None and not self._task.done()

    async def start(self) -> None:
        try:
            await self._connected()
        except psycopg.Error as error:
            raise LedgerUnavailable from error
        self._task = asyncio.create_task(self._run(), name=f"ledger {self._name}")
        self._task.add_done_callback(_log_defect)

    async def stop(self) -> None:
        """Refuses new requests, finishes those that wait, closes the connection."""
        self._is_stopping = True
        self._wake.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=DRAIN_SECONDS)
            if not self._task.done():
                log.error("ledger %s: %s requests left behind", self._name, len(self._waiting))
                self._task.cancel()
                await asyncio.gather(self._task, return_exceptions=True)
        await self._disconnect()

    async def submit(self, request: Request) -> Answer:
        """Waits for the answer of this request's batch."""
        if not self.is_alive:
            raise LedgerUnavailable
        if self._at_most is not None and len(self._waiting) >= self._at_most:
            raise LedgerBusy
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append(_Entry(request, answer, loop.time()))
        self._wake.set()
        try:
            return await answer
        except asyncio.CancelledError:
            if self._unwanted is not None and answer.done() and not answer.cancelled() and not answer.exception():
                self._unwanted(request, answer.result())
            raise

    def post(self, request: Request) -> None:
        """Sends a request whose answer nobody waits for."""
        self._waiting.append(_Entry(request, None, asyncio.get_running_loop().time()))
        self._wake.set()

    async def _run(self) -> None:
        batch: list[_Entry[Request, Answer]] = []
        try:
            while not self._is_stopping or self._waiting:
                await self._wake.wait()
                # What the loop has in hand joins too: a turn makes batches a quarter larger under load (measured) and
                # costs a lone call nothing.
                await asyncio.sleep(0)
                if batch := self._take():
                    await self._deliver(batch)
                elif not self._is_stopping:
                    self._wake.clear()
        finally:
            for entry in (*batch, *self._waiting):
                _fail(entry, LedgerUnavailable())

    def _take(self) -> list[_Entry[Request, Answer]]:
        """The next batch; of two requests with the same key, the second one waits for the following batch."""
        batch: list[_Entry[Request, Answer]] = []
        later: list[_Entry[Request, Answer]] = []
        keys: set[Hashable] = set()
        while self._waiting and len(batch) < BATCH:
            entry = self._waiting.popleft()
            key = self._key_of(entry.request)
            if key in keys:
                later.append(entry)
            elif self._deadline_seconds is None or entry.is_waited_for:
                keys.add(key)
                batch.append(entry)
        self._waiting.extendleft(reversed(later))
        return batch

    async def _deliver(self, batch: list[_Entry[Request, Answer]]) -> None:
        """Whole; whole again as a resend; then one by one, so that one bad entry fails alone."""
        if await self._settled(batch, resend=False) or await self._settled(batch, resend=True):
            return
        for entry in batch:
            if not await self._settled([entry], resend=True):
                _fail(entry, LedgerFault())

    async def _settled(self, batch: list[_Entry[Request, Answer]], *, resend: bool) -> bool:
        """Asks until the database answers. False: it refused the batch as it is."""
        pause = PAUSE_SECONDS
        while batch:
            try:
                answers = await self._ask(batch, resend=resend)
            except _AGAIN as error:
                log.warning("ledger %s: %s, asking again", self._name, type(error).__name__)
            except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError, OSError) as error:
                log.warning("ledger %s: connection lost: %s", self._name, type(error).__name__)
                await self._disconnect()
            except (psycopg.Error, ValueError, TypeError, KeyError, struct.error) as error:
                if not _is_out_of_room(error):
                    log.exception("ledger %s: batch of %s refused", self._name, len(batch))
                    self._failing_since = None
                    return False
                log.warning("ledger %s: a file of the database cannot grow, asking again", self._name)
            else:
                self._failing_since = None
                self._resolve(batch, answers)
                return True
            resend = True
            self._failing_since = self._failing_since or asyncio.get_running_loop().time()
            self._give_up_expired(batch)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        return True

    async def _ask(self, batch: list[_Entry[Request, Answer]], *, resend: bool) -> list[Answer]:
        connection = await self._connected()
        for entry in batch:
            entry.sent = True
        with metrics.LEDGER_BATCH_SECONDS.labels(self._name).time():
            async with asyncio.timeout(HANG_SECONDS):
                answers = await self._send(connection, [entry.request for entry in batch], resend=resend)
        metrics.LEDGER_BATCH_CALLS.labels(self._name).observe(len(batch))
        return answers

    def _resolve(self, batch: list[_Entry[Request, Answer]], answers: list[Answer]) -> None:
        for entry, answer in zip(batch, answers, strict=True):
            if entry.answer is not None and not entry.answer.done():
                entry.answer.set_result(answer)
            elif self._unwanted is not None:
                self._unwanted(entry.request, answer)

    def _give_up_expired(self, batch: list[_Entry[Request, Answer]]) -> None:
        """Fails what waited past the deadline. What may have reached the database stays, to learn what became of it."""
        if self._deadline_seconds is None:
            return
        oldest = asyncio.get_running_loop().time() - self._deadline_seconds
        for entry in (*batch, *self._waiting):
            if entry.since < oldest:
                _fail(entry, LedgerUnavailable())
        batch[:] = [entry for entry in batch if entry.sent or entry.is_waited_for]

    async def _connected(self) -> AsyncConnection:
        if self._connection is None:
            self._connection = await AsyncConnection.connect(self._dsn, autocommit=True)
            self._connection.adapters.register_dumper(Packed, PackedDumper)
        return self._connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


def _is_out_of_room(error: Exception) -> bool:
    return isinstance(error, psycopg.errors.InternalError_) and error.diag.source_function in _EXTENDING


def _log_defect(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("%s ended; this process takes no more calls.", task.get_name(), exc_info=error)


def _fail(entry: _Entry[Request, Answer], error: Exception) -> None:
    if entry.answer is not None and not entry.answer.done():
        entry.answer.set_exception(error)
