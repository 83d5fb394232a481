"""Judges rows before anything is written: whose they are, whether they are here already, what they are worth."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Final

from apps.console.moving.owners import Home, homes_of
from apps.console.moving.quota_rate import QuotaRate
from apps.console.moving.rows import BadRow, BalanceRow, Owner, Row, TokenRow
from apps.core.money import MAX_NANOS, credits_text
from apps.marketplace import queries as marketplace
from apps.relay import queries as relay_queries
from apps.relay import services as relay
from apps.relay.errors import TokenInvalid, TokenTaken
from apps.relay.types import LegacyToken
from apps.wallet import queries as wallet
from apps.wallet.types import GrantedLot

ROWS_AT_ONCE: Final = 200
SOURCE: Final = "migration"
_MOST: Final = MAX_NANOS // 2


@dataclass(frozen=True, slots=True)
class Balance:
    """A good row. `is_here`: an earlier run imported it."""

    row: BalanceRow
    amount_nanos: int
    is_here: bool


@dataclass(frozen=True, slots=True)
class Token:
    """A good token; its team is filled in when it is known for sure."""

    row: TokenRow
    digest: bytes = field(repr=False)
    limit_nanos: int
    used_nanos: int
    is_here: bool

    def for_team(self, team_id: int) -> LegacyToken:
        return LegacyToken(
            team_id=team_id,
            name=self.row.name,
            key=self.row.key,
            limit_nanos=self.limit_nanos,
            used_nanos=self.used_nanos,
            model_codes=self.row.models,
            ip_allow=self.row.ip_allow,
            expires_at=self.row.expires_at,
            is_enabled=self.row.is_enabled,
        )


@dataclass(slots=True)
class Judged:
    balances: list[Balance] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    unknown: set[Owner] = field(default_factory=set)
    """Owners that do not exist (yet)."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What rows are judged by."""

    rate: QuotaRate
    create_users: bool
    at: datetime


def in_batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rows = iter(rows)
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        yield batch


def judge(rows: Sequence[Row], rules: Rules) -> Judged:
    """At most 200 rows beside what is in the database now. Writes nothing; eight queries at most."""
    good = [row for row in rows if not isinstance(row, BadRow)]
    homes = homes_of({row.owner for row in good})
    unknown = {row.owner for row in good} - set(homes)
    judged = Judged(bad=[row for row in rows if isinstance(row, BadRow)], unknown=unknown)
    strangers = {owner for owner in unknown if owner.team or not rules.create_users}
    judged.bad += [BadRow(row.place, (_nobody(row.owner),)) for row in good if row.owner in strangers]
    known = [row for row in good if row.owner not in strangers]
    _judge_balances([row for row in known if isinstance(row, BalanceRow)], homes, rules, judged)
    _judge_tokens([row for row in known if isinstance(row, TokenRow)], homes, rules, judged)
    return judged


def token_limit(row: TokenRow, rate: QuotaRate) -> tuple[int, int]:
    """The limit (0 for none) and what is used of it, so that exactly what remained can still be spent.

    A token with nothing left stays blocked: its limit is what it used. One that never had anything would so get a
    limit of 0, which caps nothing; it gets the smallest there is, used up.
    """
    used = rate.nanos_of(row.used_quota)
    if row.remaining_quota is None:
        return 0, used
    remaining = rate.nanos_of(row.remaining_quota)
    return (used + remaining, used) if used + remaining else (1, 1)


def _nobody(owner: Owner) -> str:
    if owner.team:
        return f"there is no open team {owner.team}"
    return f"there is no user {owner.email} with an open team; --create-users adds users"


# -- Balances ------------------------------------------------------------------------------------


def _judge_balances(rows: list[BalanceRow], homes: dict[Owner, Home], rules: Rules, judged: Judged) -> None:
    lots = wallet.lots_by_key([row.key for row in rows])
    for row in rows:
        amount, lot = rules.rate.nanos_of(row.quota), lots.get(row.key)
        problem = _problem_of_balance(row, amount, lot, wallet_id=_wallet_of(homes, row.owner), at=rules.at)
        if problem:
            judged.bad.append(BadRow(row.place, (problem,)))
        else:
            judged.balances.append(Balance(row, amount, is_here=lot is not None))


def _problem_of_balance(
    row: BalanceRow, amount: int, lot: GrantedLot | None, *, wallet_id: int | None, at: datetime
) -> str:
    if amount > _MOST:
        return "quota: it is more than an account can hold"
    if lot is not None:
        return _difference(row, amount, lot, wallet_id=wallet_id)
    if row.terms.spend_until is not None and row.terms.spend_until <= at:
        return "spend_until: this instant is over, so the credits would be gone at once; leave the row out"
    return ""


def _difference(row: BalanceRow, amount: int, lot: GrantedLot, *, wallet_id: int | None) -> str:
    """What the row says otherwise than the lot that was made of it."""
    asked = GrantedLot(wallet_id or 0, SOURCE, amount, row.terms)
    if asked == lot:
        return ""
    if asked.wallet_id != lot.wallet_id:
        what = "for another owner"
    elif asked.amount_nanos != lot.amount_nanos:
        what = f"as {credits_text(lot.amount_nanos)} credits and not {credits_text(amount)}"
    else:
        what = "with another price or other dates"
    return f"source_id {row.source_id} ({row.type}) was imported before, {what}; correct credits in the back office"


def _wallet_of(homes: dict[Owner, Home], owner: Owner) -> int | None:
    home = homes.get(owner)
    return None if home is None else home.wallet_id


# -- Tokens --------------------------------------------------------------------------------------


def _judge_tokens(rows: list[TokenRow], homes: dict[Owner, Home], rules: Rules, judged: Judged) -> None:
    digests: dict[str, bytes] = {}
    for row in rows:
        try:
            digests[row.place] = relay.legacy_digest(row.key)
        except TokenInvalid as error:
            judged.bad.append(BadRow(row.place, (f"key: {error.text}",)))
    here = relay_queries.team_ids_by_digest(digests.values()) if digests else {}
    models = marketplace.model_ids({code for row in rows for code in row.models})
    for row in rows:
        if row.place in digests:
            digest = digests[row.place]
            limit, used = token_limit(row, rules.rate)
            token = Token(row, digest, limit, used, is_here=digest in here)
            problem = _problem_of_token(token, homes.get(row.owner), here.get(digest), models)
            if problem:
                judged.bad.append(BadRow(row.place, (problem,)))
            else:
                judged.tokens.append(token)


def _problem_of_token(token: Token, home: Home | None, team_id: int | None, models: dict[str, int]) -> str:
    if token.is_here:
        return "" if home is not None and home.team_id == team_id else f"key: {TokenTaken.text}"
    if max(token.limit_nanos, token.used_nanos) > _MOST:
        return "remain_quota: it is more than a limit can be"
    missing = sorted(set(token.row.models) - set(models))
    if missing:
        return f"models: there is no model {missing[0]}; import the catalogue first"
    return ""


def without(judged: Judged, places: set[str]) -> Judged:
    """Without the rows at these places."""
    return replace(
        judged,
        balances=[balance for balance in judged.balances if balance.row.place not in places],
        tokens=[token for token in judged.tokens if token.row.place not in places],
    )
