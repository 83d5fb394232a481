"""Calls that were turned away, counted in memory until a flush. What a crash loses here is accepted: no money is in it.

One counter a process, used on one thread: the relay adds while it answers, a timer drains and calls
`services.add_refusals`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

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
