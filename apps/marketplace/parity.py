"""Our prices beside the official ones, model by model: what differs, and whether it may. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.marketplace.comparison import Comparison, RatePoint
from apps.marketplace.types import PricePolicy

# What was promised of these without a policy being set: they follow the official price unless announced.
GPT_VENDOR: Final = "openai"
GPT_PREFIX: Final = "gpt-"


class Standing(models.TextChoices):
    """In the order in which the report wants to be read."""

    UNANNOUNCED = "unannounced", _("Differs without an announcement")
    ABOVE = "above", _("Above the official price")
    FOLLOWING = "following", _("Will be equal")
    ANNOUNCED = "announced", _("Differs as announced")
    BELOW = "below", _("Below the official price")
    DIFFERENT = "different", _("Counted differently")
    EQUAL = "equal", _("Equal")
    UNKNOWN = "unknown", _("No official price")


_ORDER: Final = {standing: place for place, standing in enumerate(Standing)}


@dataclass(frozen=True, slots=True)
class ParityRow:
    """One model. Amounts of `points` are in `currency`, the vendor's; `follows_at`: when a scheduled price begins."""

    model: str
    vendor: str
    policy: str
    version: int
    standing: Standing
    points: tuple[RatePoint, ...] = ()
    currency: str = ""
    source: str = ""
    as_of: date | None = None
    announcement: str = ""
    follows_at: datetime | None = None
    discount_percent: Decimal | None = None

    @property
    def is_above(self) -> bool:
        return any(point.is_above for point in self.points)

    @property
    def is_wrong(self) -> bool:
        return self.standing == Standing.UNANNOUNCED

    @property
    def order(self) -> tuple[bool, int, str]:
        """Above the official price first, whatever the reason, then what nobody announced."""
        return not self.is_above, _ORDER[self.standing], self.model


def is_promised(model: str, vendor: str, policy: str) -> bool:
    """Whether the price is to be the official one unless an announcement says why not."""
    return policy == PricePolicy.PEGGED or (vendor == GPT_VENDOR and model.startswith(GPT_PREFIX))


def standing_of(comparison: Comparison, *, promised: bool, announced: bool, follows: bool) -> Standing:
    """`follows`: a version that is equal was published and begins later, because a higher price owes notice."""
    if comparison.is_equal:
        return Standing.EQUAL
    if follows:
        return Standing.FOLLOWING
    if announced:
        return Standing.ANNOUNCED
    if promised:
        return Standing.UNANNOUNCED
    if comparison.is_above:
        return Standing.ABOVE
    if not comparison.is_same_tiering:
        return Standing.DIFFERENT
    return Standing.BELOW
