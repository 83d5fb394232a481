"""The rate limits that a caller's calls of a model meet, beside what the last minute used of them. Decides nothing."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from apps.console.key_authentication import KeyCaller
from apps.relay import queries as relay
from apps.relay.limits import RATES, limits_in_force
from apps.teams.types import GroupTerms, TeamAccess
from apps.wallet import queries as wallet
from apps.wallet.types import RateLimits, RateUse

CAUTION_FROM: Final = 70
_COUNTED: Final = {"rpm": "requests", "tpm": "tokens", "concurrency": "open_slots"}


@dataclass(frozen=True, slots=True)
class RateLimit:
    """One of `RATES`. `set_by`: `token` for its own limit, `group` for what each token has, `wallet` for all together.

    `limit` is None where nothing limits; then `used` counts what is under way, and None what nobody counts.
    """

    name: str
    limit: int | None
    used: int | None
    set_by: str

    @property
    def percent(self) -> int:
        return min(100, (self.used or 0) * 100 // self.limit) if self.limit else 0

    @property
    def tone(self) -> str:
        return "critical" if self.percent == 100 else "caution" if self.percent >= CAUTION_FROM else ""


@dataclass(frozen=True, slots=True)
class CallerLimits:
    """`token` is None for a team: its figures are those of its busiest token, and of the wallet that all share."""

    group: str
    team: str
    token: str | None
    rates: tuple[RateLimit, ...]
    all_free_at: datetime | None

    upgrade_url: ClassVar[str] = "/console/limits"

    @property
    def limits(self) -> dict[str, int | None]:
        return {rate.name: rate.limit for rate in self.rates}

    @property
    def used(self) -> dict[str, int | None]:
        return {rate.name: rate.used for rate in self.rates}

    @property
    def limited_by(self) -> str:
        """What stops the caller first: whoever set the limit of which most is used, the closest to the token first."""
        order = {"token": 2, "wallet": 1, "group": 0}
        return max(self.rates, key=lambda rate: (rate.percent, order[rate.set_by])).set_by


@dataclass(frozen=True, slots=True)
class TokenRates:
    """A token of the team with what its calls may do, whatever the others do."""

    name: str
    rates: tuple[RateLimit, ...]


def limits_of_tokens(team: TeamAccess, group: GroupTerms, *, at: datetime) -> list[TokenRates]:
    """Each token of the team in this group, newest first. Three queries, however many there are."""
    entries, each = relay.tokens_of(team.id), _token_limits(group)
    limits = {entry.token.account_id: limits_in_force(entry.token, each) for entry in entries}
    use = wallet.rate_uses(limits, at=at)
    return [
        TokenRates(
            entry.token.name,
            _rates(
                limits[entry.token.account_id],
                use[entry.token.account_id],
                RateLimits(),
                RateUse(0, 0, 0),
                own=_own(limits[entry.token.account_id], each),
            ),
        )
        for entry in entries
    ]


def limits_of_team(team: TeamAccess, group: GroupTerms, *, at: datetime) -> CallerLimits:
    """What a token of this team has that restricts nothing further. Two queries."""
    each = _token_limits(group)
    tokens = relay.rate_limits_of_tokens(team.id, each)
    use = wallet.rate_uses({**tokens, team.wallet_id: _wallet_limits(group)}, at=at)
    of_wallet = use.pop(team.wallet_id, RateUse(0, 0, 0))
    rates = _rates(each, _busiest(use.values()), _wallet_limits(group), of_wallet, own=())
    return CallerLimits(group.code, team.public_id, None, rates, _latest([*use.values(), of_wallet]))


def limits_of_key(caller: KeyCaller, group: GroupTerms, *, at: datetime) -> CallerLimits:
    """What this token has: the lower of its own and the group's limits, and those of the wallet. One query."""
    token, each = caller.token, _token_limits(group)
    limits, of_all = limits_in_force(token, each), _wallet_limits(group)
    use = wallet.rate_uses({token.account_id: limits, token.wallet_id: of_all}, at=at)
    own = _own(limits, each)
    rates = _rates(limits, use[token.account_id], of_all, use[token.wallet_id], own=own)
    return CallerLimits(group.code, caller.team, caller.token_public_id, rates, _latest(use.values()))


def _own(limits: RateLimits, each: RateLimits) -> list[str]:
    return [name for name in RATES if getattr(limits, name) != getattr(each, name)]


def _token_limits(group: GroupTerms) -> RateLimits:
    return RateLimits(group.concurrency, group.rpm, group.tpm)


def _wallet_limits(group: GroupTerms) -> RateLimits:
    return RateLimits(group.wallet_concurrency, group.wallet_rpm, group.wallet_tpm)


def _rates(
    each: RateLimits, use: RateUse, of_all: RateLimits, use_of_all: RateUse, *, own: Collection[str]
) -> tuple[RateLimit, ...]:
    """Of the token's limit and the wallet's that which leaves less room; the token's where both leave the same."""
    return tuple(
        min(
            _rate(name, each, use, set_by="token" if name in own else "group"),
            _rate(name, of_all, use_of_all, set_by="wallet"),
            key=_room,
        )
        for name in _COUNTED
    )


def _rate(name: str, limits: RateLimits, use: RateUse, *, set_by: str) -> RateLimit:
    limit = getattr(limits, name) or None
    used = getattr(use, _COUNTED[name])
    return RateLimit(name, limit, used if limit or name == "concurrency" else None, set_by)


def _room(rate: RateLimit) -> tuple[bool, int]:
    return rate.limit is None, (rate.limit or 0) - (rate.used or 0)


def _busiest(use: Iterable[RateUse]) -> RateUse:
    """Each figure of whichever token uses most of it."""
    used = [RateUse(0, 0, 0), *use]
    return RateUse(
        open_slots=max(one.open_slots for one in used),
        requests=max(one.requests for one in used),
        tokens=max(one.tokens for one in used),
    )


def _latest(use: Iterable[RateUse]) -> datetime | None:
    return max((one.all_free_at for one in use if one.all_free_at is not None), default=None)
