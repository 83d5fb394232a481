"""The memory before a batch query."""

import asyncio
from collections.abc import Mapping

import pytest

from apps.relay import remembered
from apps.relay.remembered import Remembered


class Store:
    """A database of squares that counts its queries and can be slow."""

    def __init__(self) -> None:
        self.queries: list[list[int]] = []
        self.known = {1: "one", 2: "two", 3: "three"}
        self.gate: asyncio.Event | None = None
        self.seconds = 0.0

    async def load(self, keys: list[int]) -> Mapping[int, str]:
        self.queries.append(sorted(keys))
        answer = {key: self.known[key] for key in keys if key in self.known}
        if self.gate is not None:
            await self.gate.wait()
        return answer

    def clock(self) -> float:
        return self.seconds


def memory_of(store: Store, size: int = 10) -> Remembered[int, str]:
    return Remembered(store.load, size=size, clock=store.clock)


def test_misses_that_come_together_share_one_query():
    async def story() -> list[str | None]:
        return await asyncio.gather(*(memory.get(key) for key in (1, 2, 3, 1, 9)))

    store = Store()
    memory = memory_of(store)

    assert asyncio.run(story()) == ["one", "two", "three", "one", None]
    assert store.queries == [[1, 2, 3, 9]]


def test_misses_during_a_query_leave_together_in_the_next():
    async def story() -> None:
        store.gate = asyncio.Event()
        first = asyncio.create_task(memory.get(1))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        rest = [asyncio.create_task(memory.get(key)) for key in (2, 3, 2)]
        await asyncio.sleep(0)
        store.gate.set()
        assert await asyncio.gather(first, *rest) == ["one", "two", "three", "two"]

    store = Store()
    memory = memory_of(store)

    asyncio.run(story())

    assert store.queries == [[1], [2, 3]]


def test_what_is_absent_is_asked_again_after_a_second():
    async def story() -> None:
        assert await memory.get(9) is None
        store.known[9] = "nine"
        store.seconds = 0.9
        assert await memory.get(9) is None
        store.seconds = 1.0
        assert await memory.get(9) == "nine"

    store = Store()
    memory = memory_of(store)

    asyncio.run(story())

    assert store.queries == [[9], [9]]


def test_the_least_used_entry_makes_room():
    async def story() -> None:
        for key in (1, 2, 1, 3, 1):
            await memory.get(key)

    store = Store()
    memory = memory_of(store, size=2)

    asyncio.run(story())

    assert store.queries == [[1], [2], [3]]
    assert len(memory) == 2


def test_what_was_read_before_a_change_is_not_kept():
    async def story() -> None:
        store.gate = asyncio.Event()
        before = asyncio.create_task(memory.get(1))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        store.known[1] = "changed"
        memory.forget()
        after = asyncio.create_task(memory.get(1))
        await asyncio.sleep(0)
        store.gate.set()
        assert await before == "one"
        assert await after == "changed"
        assert await memory.get(1) == "changed"

    store = Store()
    memory = memory_of(store)

    asyncio.run(story())

    assert store.queries == [[1], [1]]


def test_a_failing_query_fails_its_callers_and_nobody_later():
    class Flaky(Store):
        async def load(self, keys: list[int]) -> Mapping[int, str]:
            if not self.queries:
                self.queries.append(keys)
                raise ConnectionError("away")
            return await super().load(keys)

    async def story() -> None:
        for outcome in await asyncio.gather(memory.get(1), memory.get(2), return_exceptions=True):
            assert isinstance(outcome, ConnectionError)
        assert await memory.get(1) == "one"

    store = Flaky()
    memory = memory_of(store)

    asyncio.run(story())


def test_a_caller_that_goes_away_does_not_cancel_the_others():
    async def story() -> None:
        store.gate = asyncio.Event()
        gone, staying = asyncio.create_task(memory.get(1)), asyncio.create_task(memory.get(1))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        store.gate.set()
        assert await staying == "one"

    store = Store()
    memory = memory_of(store)

    asyncio.run(story())


def test_a_batch_is_bounded(monkeypatch):
    async def story() -> None:
        await asyncio.gather(*(memory.get(key) for key in (1, 2, 3)))

    monkeypatch.setattr(remembered, "MAX_BATCH", 2)
    store = Store()
    memory = memory_of(store)

    asyncio.run(story())

    assert store.queries == [[1, 2], [3]]
