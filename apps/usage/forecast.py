"""How long a balance lasts at the rate of the last days, and when that is too short. Pure: values only."""

from dataclasses import dataclass
from typing import Final

from apps.core.money import round_half_up

SECONDS_A_DAY: Final = 86_400
DEFAULT_DAYS: Final = 3


@dataclass(frozen=True, slots=True)
class Watch:
    """What a team wants to be warned by: fewer than so many days, less than such an amount. 0 turns either off."""

    days: int = DEFAULT_DAYS
    amount_nanos: int = 0


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is available, and what a day costs at the rate of the last days."""

    available_nanos: int
    daily_nanos: int

    @property
    def days_left(self) -> int | None:
        """Whole days; None where nothing was spent. What is below 0 lasts 0 days."""
        if not self.daily_nanos:
            return None
        return max(self.available_nanos, 0) // self.daily_nanos

    def lasts(self, days: int) -> bool:
        return self.available_nanos >= days * self.daily_nanos


def daily_nanos(spend_nanos: int, *, seconds: int) -> int:
    """The spend of a day, from that of so many seconds. Less than a day counts as one: the first hour of a new team
    says little about the next 23.
    """
    return round_half_up(spend_nanos * SECONDS_A_DAY, max(seconds, SECONDS_A_DAY))


def is_low(forecast: Forecast, watch: Watch) -> bool:
    is_short = bool(watch.days and forecast.daily_nanos) and not forecast.lasts(watch.days)
    return is_short or forecast.available_nanos < watch.amount_nanos


def has_recovered(forecast: Forecast, watch: Watch) -> bool:
    """Well above what warns: one more day, a tenth more. Holds come and go, and would tell of each going otherwise."""
    is_long = not (watch.days and forecast.daily_nanos) or forecast.lasts(watch.days + 1)
    return is_long and forecast.available_nanos * 10 >= watch.amount_nanos * 11
