"""The one exit of a call: its charge and its usage row, in one statement, once, whatever happens around it."""

import asyncio
import logging
import time
from collections.abc import Coroutine
from functools import cache
from typing import Any, Self, TypeVar

import msgspec
from prometheus_client import Counter

from apps.core import metrics
from apps.core.ids import public_id
from apps.core.money import credits_text
from apps.relay import call_log
from apps.relay.charging import charge_of, stored_quantities
from apps.relay.types import Admission, Ask, ChannelSnapshot, Incoming, Quote, Reservation, Usage
from apps.usage import records
from apps.wallet.batching import SETTLE_CALL, Ledger
from apps.wallet.errors import WalletError
from apps.wallet.types import SettleEntry, Settlement, SettleStatement

T = TypeVar("T")

SETTLE = SettleStatement(
    f"WITH done AS MATERIALIZED ({SETTLE_CALL}), {records.INSERT} SELECT * FROM done",  # noqa: S608  two constants
    records.TYPES,
)
SETTLE_SECONDS = 5.0
"""How long an answer's end waits for its charge; then it goes out and the charge follows."""
NOTHING = Usage()
CALLER_GONE = 499
UPSTREAM_BROKE = 502

logger = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode
_under_way: set[asyncio.Task[Any]] = set()


def run_apart(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Run on, even when whoever asked is cancelled; `drain` waits for it."""
    task = asyncio.get_running_loop().create_task(work)
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    return task


async def drain(seconds: float) -> int:
    """Wait for calls whose caller has gone and for settles; how many are still under way then."""
    if _under_way:
        await asyncio.wait(_under_way, timeout=seconds)
    call_log.flush()
    return len(_under_way)


class OpenCall:
    """A call that holds money. It ends through `settle` or `void`; the first of them counts.

    As a context it gives the money back when something unforeseen, or a cancellation, ends the block.
    """

    def __init__(
        self,
        ledger: Ledger,
        incoming: Incoming,
        ask: Ask,
        admission: Admission,
        quote: Quote,
        reservation: Reservation,
    ) -> None:
        self.ledger = ledger
        self.incoming = incoming
        self.ask = ask
        self.admission = admission
        self.quote = quote
        self.reservation = reservation
        self.channel: ChannelSnapshot | None = None
        self.first_byte_ms: int | None = None
        self.request_id = public_id("req", incoming.call_id)
        self._ending: asyncio.Task[Settlement | None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and self._ending is None:
            await self.void()

    @property
    def has_ended(self) -> bool:
        """Whether its end has begun."""
        return self._ending is not None

    def seconds_left(self) -> float:
        """Until the call has to be over."""
        return self.reservation.until - time.monotonic()

    def elapsed_ms(self) -> int:
        return int((time.monotonic() - self.incoming.started) * 1000)

    async def settle(self, usage: Usage, *, status: int = 200, error_code: str = "") -> Settlement | None:
        """Charge what was used and store the row. None when that takes longer than an answer may wait."""
        if self._ending is None:
            entry = self._entry(usage, status, error_code)
            self._ending = run_apart(self._settled(entry, usage, status, error_code))
        return await self._wait(self._ending)

    async def void(self) -> None:
        """Give the hold back; nothing was used and nothing is recorded."""
        if self._ending is None:
            self._ending = run_apart(self._voided())
        await self._wait(self._ending)

    async def _wait(self, ending: "asyncio.Task[Settlement | None]") -> Settlement | None:
        """`asyncio.wait` and `shield` at a third of their cost: a future that the task or a timer wakes."""
        loop = asyncio.get_running_loop()
        woken = loop.create_future()
        timer = loop.call_later(SETTLE_SECONDS, _wake, woken)
        ending.add_done_callback(lambda _: _wake(woken))
        try:
            await woken
        finally:
            timer.cancel()
        if ending.done():
            return ending.result()
        metrics.SETTLE_LATE.inc()
        return None

    async def _settled(self, entry: SettleEntry, usage: Usage, status: int, error_code: str) -> Settlement | None:
        try:
            settlement = await self.ledger.settle(entry)
        except WalletError:
            logger.exception("A call could not be settled.", extra={"request_id": self.request_id})
            return None
        self._note(usage, settlement, status, error_code)
        return settlement

    async def _voided(self) -> Settlement | None:
        try:
            await self.ledger.void(self.reservation.call_id)
        except WalletError:
            logger.exception("A hold could not be given back.", extra={"request_id": self.request_id})
        return None

    def _entry(self, usage: Usage, status: int, error_code: str) -> SettleEntry:
        is_free = usage is NOTHING
        charge = 0 if is_free else charge_of(usage, self.admission, self.quote.extras)
        return SettleEntry(
            self.reservation.call_id,
            self.reservation.accounts,
            charge,
            usage.input_tokens + usage.output_tokens,
            self._row(usage, status, error_code).as_row(),
        )

    def _row(self, usage: Usage, status: int, error_code: str) -> records.UsageRow:
        admission, extras = self.admission, self.quote.extras
        token, model = admission.caller.token, admission.model
        other = stored_quantities(usage, extras)
        return records.UsageRow(
            id=self.reservation.call_id,
            at=self.incoming.at,
            team_id=token.team_id,
            wallet_id=token.wallet_id,
            token_id=token.id,
            user_id=token.user_id,
            model_id=model.id,
            model_code=model.code,
            channel_id=None if self.channel is None else self.channel.id,
            access_group=admission.group.code,
            endpoint=self.ask.endpoint.name,
            price_version_id=model.price_version_id or 0,
            multiplier=format(admission.group.multiplier, "f"),
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cached_tokens=usage.cached_tokens,
            cache_write_tokens=usage.cache_write_tokens,
            reasoning_tokens=usage.reasoning_tokens,
            quantities=_encode(other).decode() if other else None,
            status=status,
            latency_ms=self.elapsed_ms(),
            first_byte_ms=self.first_byte_ms,
            streamed=self.ask.stream,
            estimated=usage.estimated,
            error_code=error_code,
            ip=self.incoming.ip,
        )

    def _note(self, usage: Usage, settlement: Settlement, status: int, error_code: str) -> None:
        _counter_of(status).inc()
        if settlement.lost_nanos:
            metrics.LOSSES.inc()
        token = self.admission.caller.token
        call_log.note(
            {
                "at": self.incoming.at,
                "text": "call",
                "request_id": self.request_id,
                "team": token.team_id,
                "token": token.id,
                "model": self.admission.model.code,
                "channel": None if self.channel is None else self.channel.name,
                "status": status,
                "error": error_code,
                "stream": self.ask.stream,
                "input_tokens": usage.input_tokens,
                "output_tokens": usage.output_tokens,
                "estimated": usage.estimated,
                "cost": credits_text(settlement.charged_nanos),
                "outcome": settlement.outcome.value,
                "latency_ms": self.elapsed_ms(),
                "first_byte_ms": self.first_byte_ms,
            }
        )


@cache
def _counter_of(status: int) -> Counter:
    return metrics.CALLS.labels(status)


def _wake(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
