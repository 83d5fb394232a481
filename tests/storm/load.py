"""Callers over real sockets, a bounded number at once, and what each of them was told."""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

import httpx

from apps.core.money import nanos_from_text
from tests.live.callers import Seen, call
from tests.storm.choices import Way, way

REFUSED_SECONDS = 0.05
BROKEN_SECONDS = 0.25
"""Pauses after a refusal for want of money, and after a 503 or a connection that broke."""
LONGEST_SECONDS = 40
NANOS_A_MILLI = 1_000_000
CUT_SHORT = re.compile(rb'"finish_reason": ?"length"')


@dataclass(frozen=True, slots=True)
class Receipt:
    """An answer that its caller saw whole. `cost_nanos`: what it said it cost; streams do not say.

    `expected_nanos` follows from the price; None for a stream that ended early because its money was used up.
    """

    call_id: UUID
    expected_nanos: int | None
    cost_nanos: int | None


@dataclass
class Heard:
    """What the callers of a round saw."""

    begun: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    receipts: list[Receipt] = field(default_factory=list)

    def note(self, seen: Seen, made: Way) -> None:
        if not seen.is_sent:
            return
        self.begun += 1
        self.statuses[seen.status] += 1
        if seen.status == 200 and seen.is_whole and seen.call_id is not None:
            cost = seen.headers.get("x-sluice-cost")
            expected = None if CUT_SHORT.search(seen.body) else made.credits_milli * NANOS_A_MILLI
            self.receipts.append(Receipt(seen.call_id, expected, None if cost is None else nanos_from_text(cost)))


class Load:
    """`run` calls until `end`, each caller one call after the other; the round's seed decides which calls."""

    def __init__(self, url: str, keys: Sequence[str], *, seed: int, at_once: int) -> None:
        self.heard = Heard()
        self._url = url
        self._keys = keys
        self._seed = seed
        self._at_once = at_once
        self._is_over = asyncio.Event()

    def end(self) -> None:
        """No new calls; those under way go on to their end."""
        self._is_over.set()

    async def run(self) -> Heard:
        limits = httpx.Limits(max_connections=self._at_once)
        async with httpx.AsyncClient(limits=limits, timeout=LONGEST_SECONDS, trust_env=False) as client:
            await asyncio.gather(*(self._caller(client, number) for number in range(self._at_once)))
        return self.heard

    async def _caller(self, client: httpx.AsyncClient, number: int) -> None:
        chance = Random(f"{self._seed}:{number}")
        while not self._is_over.is_set():
            made, key = way(chance), chance.choice(self._keys)
            seen = await self._call(client, made, key, patience=chance.uniform(0.02, 0.5))
            self.heard.note(seen, made)
            if seen.status != 200:
                await asyncio.sleep(BROKEN_SECONDS if seen.status in (0, 503) else REFUSED_SECONDS)

    async def _call(self, client: httpx.AsyncClient, made: Way, key: str, *, patience: float) -> Seen:
        calling = call(client, self._url, key, made.model, stream=made.stream, max_tokens=made.max_tokens)
        try:
            return await asyncio.wait_for(calling, patience if made.leaves else LONGEST_SECONDS)
        except TimeoutError:
            return Seen()
