"""What is asked of a price map, and what importing it did."""

import hashlib
from dataclasses import dataclass
from datetime import date

from apps.marketplace.comparison import RatePoint
from apps.marketplace.types import PublishedPrice


@dataclass(frozen=True, slots=True)
class PriceMapTerms:
    """Where a price map came from, the day its prices are of, and whether pegged prices of ours follow.

    `seen` is the fingerprint of the report that was looked at before; empty where nobody looked.
    """

    source: str
    as_of: date
    publish: bool = False
    seen: str = ""


@dataclass(frozen=True, slots=True)
class PriceMapLine:
    """What a price map did to one model. `number` is that of its official price; None where no meter of ours was named.

    `points` are the new price beside the one before, in credits. `kept` are meters of the one before that the map does
    not name: that it says nothing of them is no news. `is_other_list`: the one before is in another currency, so it is
    of another price list and stays. `ours` is what our pegged price did, and `refusal` why it could not follow.
    """

    model: str
    key: str
    number: int | None
    is_changed: bool
    points: tuple[RatePoint, ...] = ()
    left_out: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    is_other_list: bool = False
    ours: PublishedPrice | None = None
    refusal: str = ""

    @property
    def subject(self) -> str:
        return f"official_prices/{self.model}"

    @property
    def followed_by(self) -> int | None:
        """The version of our price that says the same."""
        return None if self.ours is None else self.ours.number

    @property
    def is_first(self) -> bool:
        return self.number == 1 and self.is_changed

    @property
    def told(self) -> tuple[RatePoint, ...]:
        """What is new or another price than before."""
        return tuple(point for point in self.points if point.ours != point.reference)


@dataclass(frozen=True, slots=True)
class PriceMapReport:
    """What a price map did, model by model. `absent`: models of ours that it does not know from their vendor."""

    format: str
    lines: tuple[PriceMapLine, ...]
    absent: tuple[str, ...]

    @property
    def changed(self) -> tuple[PriceMapLine, ...]:
        return tuple(line for line in self.lines if line.is_changed)

    @property
    def followed(self) -> tuple[PriceMapLine, ...]:
        return tuple(line for line in self.lines if line.ours is not None and line.ours.changed)

    @property
    def fingerprint(self) -> str:
        """The same for the same outcome, whenever it is reached: what was shown is done, or it is shown again."""
        told = [
            (line.model, line.number, line.is_changed, line.told, line.kept, line.refusal, line.followed_by)
            for line in self.lines
        ]
        return hashlib.sha256(repr(told).encode()).hexdigest()
