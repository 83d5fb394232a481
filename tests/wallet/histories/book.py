"""The lots of one wallet in the plain model: every draw is booked at once, on the lots it comes from. No database."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from apps.wallet.types import NO_TERMS, LotTerms

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass
class Lot:
    """Credits that came in together; what became of them is counted in the columns at the end."""

    id: UUID
    source: str
    amount: int
    terms: LotTerms = NO_TERMS
    restores: UUID | None = None
    consumed: int = 0
    expired: int = 0
    refunded: int = 0
    withdrawn: int = 0
    kept: int = 0
    money_out: int = 0

    @property
    def left(self) -> int:
        return self.amount - self.consumed - self.expired - self.refunded - self.withdrawn

    @property
    def is_free(self) -> bool:
        return self.terms.paid_minor == 0

    @property
    def end(self) -> datetime:
        return self.terms.spend_until or NEVER

    def price_of_the_first(self, nanos: int) -> int:
        """What so many of its nanocredits cost, rounded down to the minor unit."""
        return self.terms.paid_minor * nanos // self.amount


@dataclass
class Taken:
    """A part of one draw: how much it took from a lot."""

    lot: Lot
    amount: int


@dataclass
class Book:
    """All lots of a wallet, oldest first."""

    lots: list[Lot] = field(default_factory=list)
    is_free_first: bool = False

    def lot(self, lot_id: UUID) -> Lot:
        return next(lot for lot in self.lots if lot.id == lot_id)

    def free_left(self) -> int:
        return sum(lot.left for lot in self.lots if lot.is_free)

    def next_end(self, now: datetime) -> datetime | None:
        return min((lot.end for lot in self.lots if lot.terms.spend_until and lot.left and lot.end > now), default=None)

    def draw(self, amount: int, *, minted: datetime) -> list[Taken]:
        """Takes an amount in burn order: first what ended lots keep for calls minted before their end."""
        parts: list[Taken] = []
        for lot in sorted(self.lots, key=lambda lot: (self._turn(lot, minted), *self._burn_order(lot))):
            if part := min(amount, lot.left):
                lot.consumed += part
                lot.kept -= min(part, lot.kept)
                amount -= part
                parts.append(Taken(lot, part))
        assert amount == 0, f"{amount} more drawn than the lots have"
        return parts

    def trim(self, holds: Iterable[tuple[datetime, int]], *, available: int, now: datetime) -> int:
        """Lets ended lots keep what open holds, as (minted, amount), need of them; returns what expired.

        A call minted by a clock that runs ahead looks younger than a lot's end although it was granted before: what
        is held never expires.
        """
        open_holds = list(holds)
        expired = kept_earlier = 0
        for lot in sorted(self.lots, key=lambda lot: (lot.end, not lot.is_free)):
            if lot.end <= now and lot.left:
                needed = sum(amount for minted, amount in open_holds if minted < lot.end)
                keeps = min(lot.left, max(needed - kept_earlier, 0))
                rest = min(lot.left - keeps, available - expired)
                lot.expired += rest
                lot.kept = lot.left
                kept_earlier += lot.kept
                expired += rest
        return expired

    def _turn(self, lot: Lot, minted: datetime) -> int:
        if not lot.kept:
            return 1
        return 0 if minted < lot.end else 2

    def _burn_order(self, lot: Lot) -> tuple[bool, datetime, bool]:
        """Of lots that are equal in this, the older one is first: sorting keeps the order in which they came."""
        return (self.is_free_first and not lot.is_free, lot.end, not lot.is_free)
