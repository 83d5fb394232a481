"""The ledger for the relay: calls gather while a statement runs and leave together in the next one.

Two lanes, one connection each: authorise (with extensions) and settle (with voids). There is no timer: a batch leaves
when the previous one has returned. An answer is given only after its COMMIT returned.
"""

import asyncio
import math
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import Error as DatabaseError
from psycopg import AsyncConnection

from apps.wallet import execution, statements
from apps.wallet.errors import LedgerFault, LedgerUnavailable
from apps.wallet.lanes import Lane
from apps.wallet.statements import AUTHORISE, EXTEND, SETTLE_CALL, Ending, Extension
from apps.wallet.types import HoldAnswer, HoldRequest, SettleEntry, Settlement, SettleStatement, WrittenOff

__all__ = ["LEDGER_ONLY", "SETTLE_CALL", "Direct", "GroupCommit", "Ledger"]

LEDGER_ONLY = SettleStatement(SETTLE_CALL)
"""Settles without usage rows."""

QUEUE = 5_000
DEADLINE_SECONDS = 5.0

Asking = HoldRequest | Extension


class Ledger(Protocol):
    """What the relay calls. All of it is safe to repeat by call id.

    `LedgerFault` means that the database refuses this one entry. A settle refused like that has given its hold back and
    raised an operator alert before it says so.
    """

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def authorise(self, request: HoldRequest) -> HoldAnswer: ...

    async def extend(self, call_id: UUID, amount_nanos: int) -> HoldAnswer: ...

    async def settle(self, entry: SettleEntry) -> Settlement: ...

    async def void(self, call_id: UUID) -> None: ...


class GroupCommit:
    """For processes: shares statements and commits between concurrent calls.

    `authorise` and `extend` raise `LedgerBusy` when too many wait and `LedgerUnavailable` when the database stays away
    past the deadline; `authorise` also while settles are held up, or partitions for them are missing, so that nothing
    begins that cannot be charged. An authorise whose caller left is voided. A settle never expires: it waits for the
    database, even when its caller stopped waiting.
    """

    def __init__(self, dsn: str, owner_id: int, settle_statement: SettleStatement) -> None:
        self._owner_id = owner_id
        self._books_end = math.inf
        self._settle_statement = settle_statement
        self._asking: Lane[Asking, HoldAnswer] = Lane(
            "authorise",
            dsn,
            send=self._send_asking,
            key_of=lambda asking: asking.call_id if isinstance(asking, HoldRequest) else asking[0],
            at_most=QUEUE,
            deadline_seconds=DEADLINE_SECONDS,
            unwanted=self._give_back,
        )
        self._ending: Lane[Ending, Settlement] = Lane(
            "settle", dsn, send=self._send_ending, key_of=statements.call_id_of
        )

    def act_as(self, owner_id: int) -> None:
        """Holds granted from now on belong to this owner."""
        self._owner_id = owner_id

    def book_until(self, instant: datetime) -> None:
        """Calls that begin later would have no partition for their charge: they are refused."""
        self._books_end = instant.timestamp()

    async def start(self) -> None:
        """Opens both connections; raises `LedgerUnavailable` when there is no database."""
        await asyncio.gather(self._asking.start(), self._ending.start())

    async def stop(self) -> None:
        """Takes no more calls, finishes what waits, closes the connections."""
        await self._asking.stop()
        await self._ending.stop()

    @property
    def is_alive(self) -> bool:
        """Whether calls can be granted and settled."""
        return self._asking.is_alive and self._ending.is_alive

    async def authorise(self, request: HoldRequest) -> HoldAnswer:
        if not self._ending.is_alive or self._ending.is_held_up or time.time() >= self._books_end:
            raise LedgerUnavailable  # what could not be settled must not begin
        return await self._asking.submit(request)

    async def extend(self, call_id: UUID, amount_nanos: int) -> HoldAnswer:
        return await self._asking.submit((call_id, amount_nanos))

    async def settle(self, entry: SettleEntry) -> Settlement:
        try:
            return await self._ending.submit(entry)
        except LedgerFault:
            await self._ending.submit(WrittenOff(entry))
            raise

    async def void(self, call_id: UUID) -> None:
        await self._ending.submit(call_id)

    def _give_back(self, asking: Asking, answer: HoldAnswer) -> None:
        """A hold that was granted to a caller who no longer waits."""
        if isinstance(asking, HoldRequest) and answer.refusal is None:
            self._ending.post(asking.call_id)

    async def _send_asking(
        self, connection: AsyncConnection, batch: Sequence[Asking], *, resend: bool
    ) -> list[HoldAnswer]:
        """Two statements, two transactions: one ledger function each."""
        requests = [(n, a) for n, a in enumerate(batch) if isinstance(a, HoldRequest)]
        extensions = [(n, a) for n, a in enumerate(batch) if not isinstance(a, HoldRequest)]
        answers: dict[int, HoldAnswer] = {}
        if requests:
            parameters = statements.authorise_parameters(
                [r for _, r in requests], owner_id=self._owner_id, resend=resend
            )
            answers |= zip([n for n, _ in requests], await _holds(connection, AUTHORISE, parameters), strict=True)
        if extensions:
            parameters = statements.extend_parameters([e for _, e in extensions])
            answers |= zip([n for n, _ in extensions], await _holds(connection, EXTEND, parameters), strict=True)
        return [answers[n] for n in range(len(batch))]

    async def _send_ending(
        self, connection: AsyncConnection, batch: Sequence[Ending], *, resend: bool
    ) -> list[Settlement]:
        for ending in batch:
            if isinstance(ending, WrittenOff):
                await connection.execute(statements.ALERT_REFUSED.encode(), statements.alert_parameters(ending))
        parameters = statements.settle_parameters(batch, column_types=self._settle_statement.column_types)
        cursor = await connection.execute(self._settle_statement.text.encode(), parameters, prepare=True, binary=True)
        by_id = statements.settlements(await cursor.fetchall())
        return [by_id[statements.call_id_of(ending)] for ending in batch]


async def _holds(connection: AsyncConnection, text: str, parameters: statements.Parameters) -> list[HoldAnswer]:
    cursor = await connection.execute(text.encode(), parameters, prepare=True, binary=True)
    return statements.hold_answers(await cursor.fetchall())


class Direct:
    """For commands, tasks and tests: the same statements on Django's connection, so they join its transaction."""

    def __init__(self, owner_id: int, settle_statement: SettleStatement) -> None:
        self._owner_id = owner_id
        self._settle_statement = settle_statement

    async def start(self) -> None:
        """Nothing to open."""

    async def stop(self) -> None:
        """Nothing to close."""

    async def authorise(self, request: HoldRequest) -> HoldAnswer:
        try:
            return await sync_to_async(execution.authorise, thread_sensitive=True)(request, owner_id=self._owner_id)
        except DatabaseError as error:
            raise LedgerFault from error

    async def extend(self, call_id: UUID, amount_nanos: int) -> HoldAnswer:
        return await sync_to_async(execution.extend, thread_sensitive=True)(call_id, amount_nanos=amount_nanos)

    async def settle(self, entry: SettleEntry) -> Settlement:
        settle = sync_to_async(execution.settle, thread_sensitive=True)
        try:
            return await settle(entry, statement=self._settle_statement)
        except DatabaseError as error:
            write_off = sync_to_async(execution.write_off, thread_sensitive=True)
            await write_off(entry, statement=self._settle_statement)
            raise LedgerFault from error

    async def void(self, call_id: UUID) -> None:
        settle = sync_to_async(execution.settle, thread_sensitive=True)
        await settle(call_id, statement=self._settle_statement)
