"""Calls that are turned away, counted in memory until a flush. What a crash loses here is accepted: no money is in it.

One counter a process, used on its event loop alone.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Self

from apps.relay.errors import RelayError
from apps.relay.types import TokenSnapshot
from apps.usage.types import Refused

MOST_KINDS = 10_000


class RefusalCounter:
    """Bounded: beyond `MOST_KINDS` different kinds, further ones are counted without their model."""

    def __init__(self) -> None:
        self._counts: Counter[Refused] = Counter()

    def add(self, *, at: datetime, team_id: int, token_id: int, model_code: str, status: int) -> None:
        """One refusal. Pass an empty `model_code` for a model that does not exist: callers write what they like."""
        refused = Refused(at.replace(second=0, microsecond=0), team_id, token_id, model_code, status)
        if refused not in self._counts and len(self._counts) >= MOST_KINDS:
            refused = replace(refused, model_code="")
        self._counts[refused] += 1

    def drain(self) -> Mapping[Refused, int]:
        """What was counted since the last drain."""
        counts, self._counts = self._counts, Counter()
        return counts


class Refusable:
    """The part of a call that may end in a refusal: from its token to its hold. Then it gets a record of its own."""

    __slots__ = ("_at", "_counter", "_token", "model_code")

    def __init__(self, counter: RefusalCounter, token: TokenSnapshot, *, at: datetime) -> None:
        self._counter = counter
        self._token = token
        self._at = at
        self.model_code = ""
        """Set once the caller is known to have this model."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, RelayError):
            self._counter.add(
                at=self._at,
                team_id=self._token.team_id,
                token_id=self._token.id,
                model_code=self.model_code,
                status=error.status,
            )
