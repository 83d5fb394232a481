"""Limits as pages show them: how much is used, when they are refilled, and which of them are about to end."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from apps.core.billing_calendar import business_date, next_refill_at
from apps.relay.queries import TokenUse
from apps.wallet import queries as wallet
from apps.wallet.types import LimitInUse, LimitKind, LimitUse

CAUTION_FROM: Final = 70
NOTICE_FROM: Final = 80
NOTICES_AT_MOST: Final = 3
RESET_WORDS: Final = {
    "daily": _("every day"),
    "weekly": _("every week, on Monday"),
    "monthly": _("every month, on the 1st"),
}


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A limit as pages show it: `share` is what is used or held of it, in hundredths. One of None stops nothing."""

    used_nanos: int
    held_nanos: int
    limit_nanos: int | None
    remaining_nanos: int | None
    share: int
    tone: str
    reset_words: object
    refilled_on: date | None


@dataclass(frozen=True, slots=True)
class TokenRow(LimitRow):
    """A token as the list shows it, with who made it."""

    token: Any
    creator: str


@dataclass(frozen=True, slots=True)
class LimitNotice:
    """A limit of which most is used. `percent` is cut and at most 100; `of` is token, project, member or team."""

    name: str
    of: str
    percent: int
    refilled_on: date | None

    @property
    def is_used_up(self) -> bool:
        return self.percent == 100


@dataclass(frozen=True, slots=True)
class Notices:
    shown: tuple[LimitNotice, ...]
    has_more: bool


def limit_row(use: LimitUse) -> LimitRow:
    return LimitRow(**_figures(use, reset=use.refill))


def row_of(use: LimitUse | None) -> LimitRow | None:
    """None for what never had a limit, and was never counted."""
    return None if use is None else limit_row(use)


def token_row(entry: TokenUse) -> TokenRow:
    """With the refill that its owner chose, which is kept while there is no limit."""
    return TokenRow(**_figures(entry.use, reset=entry.token.reset), token=entry.token, creator=entry.creator)


def _figures(use: LimitUse, *, reset: str) -> dict[str, Any]:
    share = _share(use.used_nanos + use.held_nanos, use.limit_nanos)
    return {
        "used_nanos": use.used_nanos,
        "held_nanos": use.held_nanos,
        "limit_nanos": use.limit_nanos,
        "remaining_nanos": use.remaining_nanos,
        "share": share,
        "tone": "critical" if share == 100 else "caution" if share >= CAUTION_FROM else "",
        "reset_words": RESET_WORDS.get(reset, ""),
        "refilled_on": _date_of(use.resets_at),
    }


def _share(taken: int, limit: int | None) -> int:
    """A limit of nothing is used up from the start."""
    if limit is None:
        return 0
    return min(100, taken * 100 // limit) if limit else 100


def notices_of_tokens(entries: Iterable[TokenUse]) -> Notices:
    """Of a team's tokens that may be used, those whose limit is nearly or wholly used; the fullest first."""
    found = [
        LimitNotice(entry.token.name, "token", percent, _date_of(entry.use.resets_at))
        for entry in entries
        if entry.token.limit_nanos and not entry.token.disabled_at and (percent := _percent(entry)) >= NOTICE_FROM
    ]
    return _notices(sorted(found, key=lambda notice: -notice.percent))


def notices_of_wallet(wallet_id: int) -> Notices:
    """The same for every limit of a wallet: tokens and budgets. One query."""
    near = wallet.limits_near_end(wallet_id, percent=NOTICE_FROM, at_most=NOTICES_AT_MOST + 1)
    return _notices([_notice(limit) for limit in near])


def next_refill_on(reset: str, *, at: datetime) -> date:
    """The business day that begins with the next refill."""
    return business_date(next_refill_at(reset, at=at))


def _notice(limit: LimitInUse) -> LimitNotice:
    of = LimitKind(limit.kind).name.lower()
    return LimitNotice(limit.label, of, min(limit.percent, 100), _date_of(limit.resets_at))


def _notices(found: list[LimitNotice]) -> Notices:
    return Notices(tuple(found[:NOTICES_AT_MOST]), len(found) > NOTICES_AT_MOST)


def _percent(entry: TokenUse) -> int:
    return min(entry.use.used_nanos * 100 // entry.token.limit_nanos, 100)


def _date_of(at: datetime | None) -> date | None:
    return None if at is None else business_date(at)
