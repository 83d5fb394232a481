"""Brings in API tokens of another system, so that its clients keep their keys. Only the SHA-256 of a key is stored."""

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import count

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import secret_tokens
from apps.core.money import MAX_NANOS
from apps.journal import services as journal
from apps.journal.types import Act
from apps.relay import queries
from apps.relay.errors import TokenInvalid, TokenTaken
from apps.relay.models import ApiToken
from apps.relay.services.tokens import NAME_LENGTH, SHOWN_LENGTH, TokenTerms, apply_terms
from apps.relay.types import LegacyToken
from apps.teams import services as teams
from apps.usage import services as usage
from apps.wallet import services as wallet
from apps.wallet.types import LimitKind

ADOPTED_AT_MOST = 200
_KEY = re.compile(r"(sk-)?[!-~]{16,200}")


def legacy_text(key: str) -> str:
    """A key as it is stored and shown: with `sk-`, which such systems keep apart and their clients may leave out.

    Raises `TokenInvalid`, whose text never quotes the key.
    """
    if _KEY.fullmatch(key) is None:
        raise TokenInvalid(_("Write the key as clients send it: 16 to 200 visible ASCII characters."), field="key")
    return key if key.startswith(queries.TOKEN_PREFIX) else queries.TOKEN_PREFIX + key


def legacy_digest(key: str) -> bytes:
    """What `legacy_text` is stored as. Raises `TokenInvalid`."""
    return secret_tokens.digest_of(legacy_text(key))


def adopt_tokens(tokens: Sequence[LegacyToken], *, at: datetime) -> list[bool]:
    """Stores up to 200 tokens of another system, all or none; says of each whether it is new here.

    Safe to repeat by key: one that is here stays as its team has left it since, deleted ones too. A name that the team
    already has gets a number. `TOKENS_PER_TEAM` does not hold: whoever had more keeps them, and makes no new ones.
    Raises `TokenTaken` for a key of another team and `TokenInvalid`.
    """
    if len(tokens) > ADOPTED_AT_MOST:
        raise ValueError(f"at most {ADOPTED_AT_MOST} tokens a transaction")
    with transaction.atomic():
        wallets = {team_id: teams.lock_team(team_id).wallet_id for team_id in sorted({t.team_id for t in tokens})}
        adopted = [_adopt(token, wallet_id=wallets[token.team_id], at=at) for token in tokens]
        usage.take_limits_as_told([row.account_id for row in adopted if row is not None], at=at)
        closed = [row.account_id for row in adopted if row is not None and row.disabled_at is not None]
        if closed:
            wallet.lock_accounts(closed)
        for account_id in closed:
            wallet.close_account(account_id)
    return [row is not None for row in adopted]


def _adopt(legacy: LegacyToken, *, wallet_id: int, at: datetime) -> ApiToken | None:
    """The stored token; None when it is here already."""
    text = legacy_text(legacy.key)
    digest = secret_tokens.digest_of(text)
    owner = queries.team_ids_by_digest([digest]).get(digest)
    if owner is not None:
        if owner != legacy.team_id:
            raise TokenTaken
        return None
    if not 0 <= legacy.used_nanos <= MAX_NANOS // 2:
        raise TokenInvalid(_("This token used more than an account can count."), field="used")
    token = ApiToken(team_id=legacy.team_id, name=_next_name(legacy), digest=digest, legacy=True, created_at=at)
    token.prefix, token.last_four = text[:SHOWN_LENGTH], text[-4:]
    terms: TokenTerms = {
        "limit_nanos": legacy.limit_nanos,
        "model_codes": legacy.model_codes,
        "ip_allow": legacy.ip_allow,
    }
    apply_terms(token, terms, at=at)
    token.expires_at = legacy.expires_at  # one that is over already stays over
    token.disabled_at = None if legacy.is_enabled else at
    token.account_id = wallet.open_limit(
        wallet_id,
        kind=LimitKind.TOKEN,
        label=token.name,
        limit_nanos=token.limit_nanos or None,
        used_nanos=legacy.used_nanos,
    )
    token.save(force_insert=True)
    team = token.team.public_id
    details = {"name": token.name, "team": team, "limit_nanos": token.limit_nanos}
    journal.record_act(Act("token.moved_in", "token", token.public_id, details=details, scope=team), at=at)
    return token


def _next_name(legacy: LegacyToken) -> str:
    """The name it had, with the first number that is free where the team has another token of that name."""
    name = " ".join(legacy.name.split())
    if not 1 <= len(name) <= NAME_LENGTH or not name.isprintable():
        raise TokenInvalid(_("Give the token a name of 1 to %(n)s characters.") % {"n": NAME_LENGTH}, field="name")
    taken = ApiToken.objects.filter(team_id=legacy.team_id, deleted_at=None)
    names = (name if n == 1 else f"{name[: NAME_LENGTH - len(f' ({n})')]} ({n})" for n in count(1))
    return next(free for free in names if not taken.filter(name__iexact=free).exists())
