"""One HTTP/1.1 connection to an upstream, serving one call at a time, and the pool of idle ones.

A connection that met anything but one whole, exactly framed answer is closed: no caller can read another's bytes.
"""

import asyncio
import select
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import httptools
import httpx

from apps.relay.answer import Answer

MAX_IDLE = 256
MAX_IDLE_SECONDS = 60.0
# Time-outs are looked at this often for all calls of a pool at once: a timer for each call costs more than it tells.
SWEEP_SECONDS = 0.25


class StaleConnection(httpx.ReadError):
    """A pooled connection ended before the first byte of the answer: the one case that is tried again."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect (name and TLS included), to the first byte of the answer, between bytes after it."""

    connect: float = 5.0
    first_byte: float = 300.0
    idle: float = 120.0


class Connection(asyncio.Protocol):
    """A connection that serves one call at a time and returns to its pool only after a flawless one."""

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool
        self._transport: asyncio.Transport
        self._answer: Answer | None = None
        self._timeouts = Timeouts()
        self._reused = self._answered = self._early = self._reading_paused = False
        self._written = True
        self._arrivals = select.poll()
        self.touched_at = 0.0

    # -- The socket ------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class does not derive from it
        # With these limits "writing is paused" means "not wholly written".
        self._transport.set_write_buffer_limits(high=1, low=0)
        self._arrivals.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def pause_writing(self) -> None:
        self._written = False

    def resume_writing(self) -> None:
        self._written = True

    def data_received(self, received: bytes) -> None:
        answer = self._answer
        if answer is None:
            self._transport.abort()  # nobody asked for it
            return
        if not self._answered:
            self._answered, self._early = True, not self._written
        self.touched_at = self._pool.loop.time()
        try:
            exact = answer.feed(received)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._break_off(answer)
            return
        if answer.complete:
            self._finish(answer, reusable=exact and answer.keep_alive)

    def eof_received(self) -> None:
        if self._answer is not None and self._answer.ends_with_connection():
            self._answer.end_with_connection()
            self._finish(self._answer, reusable=False)

    def connection_lost(self, exc: Exception | None) -> None:
        self._pool.forget(self)
        if self._answer is not None:
            self._fail(self._loss(exc))

    # -- A call ----------------------------------------------------------------------------------

    def start(self, request: Sequence[bytes], timeouts: Timeouts) -> Answer:
        """Send a request and return its answer, still empty."""
        self._answer = answer = Answer(self)
        self._timeouts = timeouts
        self._answered = self._early = False
        self.touched_at = self._pool.loop.time()
        self._pool.watch(self)
        self._transport.writelines(list(request))
        return answer

    def pause_reading(self) -> None:
        if not self._reading_paused:
            self._reading_paused = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self._reading_paused:
            self._reading_paused = False
            self.touched_at = self._pool.loop.time()
            self._transport.resume_reading()

    def give_up(self, failure: httpx.TransportError) -> None:
        if self._answer is not None:
            self._fail(failure)

    def check_time(self, now: float) -> None:
        """Fail the call whose upstream was silent for too long; a slow consumer of ours is not its fault."""
        waited = now - self.touched_at
        if self._reading_paused or waited < (self._timeouts.idle if self._answered else self._timeouts.first_byte):
            return
        if self._written:
            self.give_up(httpx.ReadTimeout(f"the upstream sent nothing for {waited:.1f} s"))
        else:
            self.give_up(httpx.WriteTimeout(f"the upstream took no bytes for {waited:.1f} s"))

    def is_young(self, now: float) -> bool:
        return now - self.touched_at < MAX_IDLE_SECONDS

    def is_quiet(self) -> bool:
        """False if it ended, or if bytes that nobody asked for wait in the socket, where the loop has not seen them."""
        return not self._transport.is_closing() and not self._arrivals.poll(0)

    def close(self) -> None:
        self._transport.abort()

    # -- Its end ---------------------------------------------------------------------------------

    def _finish(self, answer: Answer, *, reusable: bool) -> None:
        self._answer = None
        answer.finish()
        self._pool.unwatch(self)
        if reusable and self._written and not self._early and not self._transport.is_closing():
            self.resume_reading()
            self._reused = True
            self._pool.give(self)
        else:
            self._transport.abort()

    def _break_off(self, answer: Answer) -> None:
        """The parser met what it cannot read: harmless after a complete answer, its failure before."""
        if answer.complete:
            self._finish(answer, reusable=False)
        else:
            self._fail(httpx.RemoteProtocolError(answer.fault or "the answer is not valid HTTP/1.1"))

    def _fail(self, failure: httpx.TransportError) -> None:
        answer, self._answer = self._answer, None
        self._pool.unwatch(self)
        self._transport.abort()
        if answer is not None:
            answer.fail(failure)

    def _loss(self, exc: Exception | None) -> httpx.TransportError:
        if self._answered:
            return httpx.RemoteProtocolError("the upstream ended the connection in the middle of its answer")
        if self._reused:
            return StaleConnection("a pooled connection had ended")
        if not self._written:
            return httpx.WriteError("the upstream ended the connection before it had the whole request")
        return httpx.ReadError(f"the upstream ended the connection without an answer ({exc or 'end of stream'})")


class Pool:
    """The connections of one channel on one event loop: idle ones to take, busy ones to watch."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def idle_count(self) -> int:
        return len(self._idle)

    def take(self) -> Connection | None:
        """The idle connection used last, so that the others can age out."""
        now = self.loop.time()
        while self._idle:
            connection = self._idle.pop()
            if connection.is_young(now) and connection.is_quiet():
                return connection
            connection.close()
        return None

    def give(self, connection: Connection) -> None:
        if len(self._idle) < MAX_IDLE:
            self._idle.append(connection)
        else:
            connection.close()

    def forget(self, connection: Connection) -> None:
        self._busy.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def watch(self, connection: Connection) -> None:
        self._busy.add(connection)
        if self._timer is None:
            self._timer = self.loop.call_later(SWEEP_SECONDS, self._sweep)

    def unwatch(self, connection: Connection) -> None:
        self._busy.discard(connection)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for connection in [*self._idle, *self._busy]:
            connection.close()
        self._idle.clear()

    def _sweep(self) -> None:
        now = self.loop.time()
        for connection in list(self._busy):
            connection.check_time(now)
        self._drop_aged(now)
        watching = self._busy or self._idle
        self._timer = self.loop.call_later(SWEEP_SECONDS, self._sweep) if watching else None

    def _drop_aged(self, now: float) -> None:
        while self._idle and not self._idle[0].is_young(now):
            self._idle.pop(0).close()
