"""What price alerts take and answer with: wishes, what they are about, and what a change means to somebody."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from apps.marketplace.types import PriceChangeCard, Subject, WantedDirection


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody may learn of: the models of these access groups, and these models."""

    codes: frozenset[str]
    model_ids: frozenset[int] = frozenset()

    def __or__(self, other: "Sight") -> "Sight":
        return Sight(self.codes | other.codes, self.model_ids | other.model_ids)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to be told of. `code` is that of the vendor, model or access group; empty for all models."""

    subject: Subject
    code: str = ""
    direction: WantedDirection = WantedDirection.BOTH
    threshold_percent: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class AlertTarget:
    """Something that alerts can be about, with its name by language; `vendor` and `is_planned` are a model's."""

    code: str
    name: Mapping[str, str]
    vendor: str = ""
    is_planned: bool = False


@dataclass(frozen=True, slots=True)
class AlertTargets:
    vendors: tuple[AlertTarget, ...]
    models: tuple[AlertTarget, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AlertCard:
    """A price alert as whoever gets it sees it. It counts while it is confirmed and not ended."""

    public_id: str
    email: str
    wish: Wish
    name: Mapping[str, str]
    created_at: datetime
    confirmed_at: datetime | None
    ended_at: datetime | None

    @property
    def is_live(self) -> bool:
        return self.confirmed_at is not None and self.ended_at is None


@dataclass(frozen=True, slots=True)
class PriceStep:
    """Of one version of a model's price to the next, by their rows."""

    model: str
    old_version: int
    new_version: int


@dataclass(frozen=True, slots=True)
class MultiplierStep:
    """Of one multiplier of an access group to the next."""

    group: str
    old: Decimal
    new: Decimal


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change would have made of the last 30 days; negative where less would have been paid."""

    nanos: int
    is_estimate: bool


class ImpactOf(Protocol):
    """Says what a change means to some teams: an upper floor's, which knows how calls were counted."""

    def __call__(
        self, team_ids: Collection[int], step: PriceStep | MultiplierStep, *, at: datetime
    ) -> Impact | None: ...


@dataclass(frozen=True, slots=True)
class ChangeToTell:
    """An announced change with the step that its impact is asked for by; None: nothing to compare with."""

    card: PriceChangeCard
    step: PriceStep | MultiplierStep | None
