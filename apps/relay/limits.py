"""Which rate limits hold for a token: its own, its group's, or the lower of both. Pure."""

from dataclasses import replace
from typing import Protocol

from apps.wallet.types import RateLimits

RATES = ("concurrency", "rpm", "tpm")


class OwnLimits(Protocol):
    """What a token says of itself; None takes what its group has."""

    @property
    def concurrency(self) -> int | None: ...

    @property
    def rpm(self) -> int | None: ...

    @property
    def tpm(self) -> int | None: ...


def limits_in_force(token: OwnLimits, limits: RateLimits) -> RateLimits:
    """The lower of the token's own limit and its group's: the team may restrict a token, staff move the group's."""
    if token.concurrency is None and token.rpm is None and token.tpm is None:
        return limits
    own = {name: getattr(token, name) for name in RATES}
    lower = {
        name: value
        for name, value in own.items()
        if value is not None and (getattr(limits, name) == 0 or value < getattr(limits, name))
    }
    return replace(limits, **lower) if lower else limits
