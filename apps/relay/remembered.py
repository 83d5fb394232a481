"""A memory of limited size before a batch query: misses that come together share one query. For one event loop."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

MAX_BATCH = 500
ABSENT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Absent:
    """Nothing was there a moment ago."""

    until: float


class _Batch(Generic[K, V]):
    """Keys that go to the database together, and the query that answers all of them."""

    def __init__(self) -> None:
        self.keys: list[K] = []
        self.answer: asyncio.Task[Mapping[K, V]]


class Remembered(Generic[K, V]):
    """Answers from memory, or asks `load` for all keys that are missing at once; None where there is nothing.

    A failing query fails every caller that waits for it and is forgotten.
    """

    def __init__(
        self,
        load: Callable[[list[K]], Awaitable[Mapping[K, V]]],
        *,
        size: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._size = size
        self._clock = clock
        self._entries: OrderedDict[K, V | _Absent] = OrderedDict()
        self._batch_of: dict[K, _Batch[K, V]] = {}
        self._open: _Batch[K, V] | None = None
        self._last: asyncio.Task[Mapping[K, V]] | None = None
        self._age = 0

    def __len__(self) -> int:
        return len(self._entries)

    async def get(self, key: K) -> V | None:
        entry = self._entries.get(key)
        if entry is None:
            return await self._ask(key)
        if isinstance(entry, _Absent):
            return None if self._clock() < entry.until else await self._ask(key)
        self._entries.move_to_end(key)
        return entry

    def forget(self) -> None:
        """Everything may have changed. Queries under way may have read the old state: answered, but not kept."""
        self._entries.clear()
        self._batch_of = {key: batch for key, batch in self._batch_of.items() if batch is self._open}
        self._age += 1

    async def _ask(self, key: K) -> V | None:
        batch = self._batch_of.get(key)
        if batch is None:
            batch = self._batch_of[key] = self._open_batch()
            batch.keys.append(key)
        # Shielded: a caller that goes away must not cancel the query of the others.
        found = await asyncio.shield(batch.answer)
        return found.get(key)

    def _open_batch(self) -> _Batch[K, V]:
        if self._open is None or len(self._open.keys) >= MAX_BATCH:
            batch: _Batch[K, V] = _Batch()
            self._open = batch
            batch.answer = self._last = asyncio.create_task(self._answer(batch, after=self._last))
        return self._open

    async def _answer(self, batch: _Batch[K, V], *, after: asyncio.Task[Mapping[K, V]] | None) -> Mapping[K, V]:
        """One query at a time: what arrives while one runs leaves together in the next."""
        if after is not None and not after.done():
            await asyncio.wait([after])
        if self._open is batch:
            self._open = None
        age = self._age
        try:
            found = await self._load(batch.keys)
        finally:
            for key in batch.keys:
                if self._batch_of.get(key) is batch:
                    del self._batch_of[key]
        if age == self._age:
            self._keep(batch.keys, found)
        return found

    def _keep(self, keys: list[K], found: Mapping[K, V]) -> None:
        absent = _Absent(self._clock() + ABSENT_SECONDS)
        for key in keys:
            self._entries[key] = found.get(key, absent)
        while len(self._entries) > self._size:
            self._entries.popitem(last=False)
