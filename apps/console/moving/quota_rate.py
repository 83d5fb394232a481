"""From quota of the old system to nanocredits: integers only, one rounding a row. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

from apps.core.money import NANOS_PER_CREDIT, round_down, round_half_up

QUOTA_PER_USD: Final = 500_000


@dataclass(frozen=True, slots=True)
class QuotaRate:
    """Nanocredits for one quota as a fraction: at 7 credits a dollar 14,000 of 1."""

    credits_per_usd: Decimal
    nanos: int
    per_quota: int

    @classmethod
    def of(cls, credits_per_usd: Decimal) -> Self:
        credits_, dollars = credits_per_usd.as_integer_ratio()
        return cls(credits_per_usd, credits_ * NANOS_PER_CREDIT, dollars * QUOTA_PER_USD)

    def nanos_of(self, quota: int) -> int:
        return round_half_up(quota * self.nanos, self.per_quota)

    def quota_of(self, nanos: int) -> int:
        """For display; cut, so that nobody is shown more than there is."""
        return round_down(nanos * self.per_quota, self.nanos)

    def rounds(self, quota: int) -> bool:
        """Whether this much quota is no whole number of nanocredits."""
        return quota * self.nanos % self.per_quota != 0
