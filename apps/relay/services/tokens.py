"""Acts on API tokens. The ledger account of a token is closed and opened in the same transaction as its row."""

import ipaddress
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TypedDict, Unpack

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts import queries as people
from apps.core import secret_tokens
from apps.core.money import MAX_NANOS
from apps.journal import services as journal
from apps.journal.types import Act
from apps.marketplace import queries as marketplace
from apps.relay import queries
from apps.relay.errors import TokenInvalid, TokenLimitReached, TokenMissing, TokenNameTaken, TokenOfWhoLeft
from apps.relay.models import MAX_LIST_ITEMS, ApiToken, Reset
from apps.relay.queries import TokenUse
from apps.teams import queries as team_queries
from apps.teams import services as teams
from apps.teams.errors import PermissionMissing
from apps.wallet import services as wallet
from apps.wallet.types import LimitKind

NAME_LENGTH = 80
SHOWN_LENGTH = 8
MAX_RATE = 2**31 - 1


class TokenTerms(TypedDict, total=False):
    """What the owner of a token may set; what is absent stays as it is."""

    limit_nanos: int
    reset: str
    model_codes: Collection[str]
    ip_allow: Collection[str]
    concurrency: int | None
    rpm: int | None
    tpm: int | None
    expires_at: datetime | None


def create_token(
    team_id: int, name: str, *, actor: int | None, at: datetime, **terms: Unpack[TokenTerms]
) -> tuple[ApiToken, str]:
    """A new token and, this once, its text. Its ledger account is opened with it; a limit of 0 caps nothing.

    The team's row is locked before tokens are counted, so that parallel calls cannot pass `TOKENS_PER_TEAM`. Raises
    `TokenLimitReached`, `TokenNameTaken`, `TokenInvalid`.
    """
    secret = secret_tokens.mint(queries.TOKEN_PREFIX)
    with transaction.atomic():
        wallet_id = _lock_team(team_id, actor)
        if ApiToken.objects.filter(team_id=team_id, deleted_at=None).count() >= settings.TOKENS_PER_TEAM:
            raise TokenLimitReached(_("A team has at most %(n)s API tokens.") % {"n": settings.TOKENS_PER_TEAM})
        token = ApiToken(team_id=team_id, name=_free_name(team_id, name), created_by_id=actor, created_at=at)
        token.digest = secret_tokens.digest_of(secret)
        token.prefix, token.last_four = secret[:SHOWN_LENGTH], secret[-4:]
        apply_terms(token, terms, at=at)
        token.account_id = wallet.open_limit(
            wallet_id,
            kind=LimitKind.TOKEN,
            label=token.name,
            limit_nanos=token.limit_nanos or None,
            refill=token.reset,
        )
        token.save(force_insert=True)
        record("token.created", token, actor=actor, at=at)
    return token, secret


def change_token(
    token_id: int,
    *,
    actor: int | None,
    at: datetime,
    name: str | None = None,
    reason: str = "",
    **terms: Unpack[TokenTerms],
) -> ApiToken:
    """New terms for a token that is not deleted. What it has used stays apart from its limit: lowering the limit below
    it refuses further calls, 0 lifts the limit. A limit that begins to be refilled starts its first period unused.
    Raises `TokenMissing`, `TokenNameTaken`, `TokenInvalid`.
    """
    with transaction.atomic():
        token = _locked(token_id, actor)
        before = _shown(token)
        if name is not None:
            token.name = _free_name(token.team_id, name, but=token)
        apply_terms(token, terms, at=at)
        if (token.limit_nanos, token.reset) != (before["limit_nanos"], before["reset"]):
            wallet.set_limit(token.account_id, limit_nanos=token.limit_nanos or None, refill=token.reset)
        token.save()
        record("token.changed", token, actor=actor, at=at, reason=reason, before=before)
    return token


def disable_token(token_id: int, *, actor: int | None, at: datetime, reason: str = "") -> ApiToken:
    """Refuses the token's next call in the authorise statement itself; calls under way finish and are charged.
    A second call changes nothing.
    """
    with transaction.atomic():
        token = _locked(token_id, actor)
        if token.disabled_at is None:
            token.disabled_at = at
            wallet.close_account(token.account_id)
            token.save(update_fields=["disabled_at"])
            record("token.disabled", token, actor=actor, at=at, reason=reason)
    return token


def enable_token(token_id: int, *, actor: int | None, at: datetime, reason: str = "") -> ApiToken:
    """Takes back `disable_token`. A second call changes nothing.

    Raises `TokenOfWhoLeft`: no member's budget bounds such a token, so it is for those who decide on members.
    """
    with transaction.atomic():
        token = _locked(token_id, actor)
        if token.disabled_at is not None:
            _refuse_of_who_left(token, actor)
            token.disabled_at = None
            wallet.reopen_account(token.account_id)
            token.save(update_fields=["disabled_at"])
            record("token.enabled", token, actor=actor, at=at, reason=reason)
    return token


def delete_token(token_id: int, *, actor: int | None, at: datetime, reason: str = "") -> None:
    """Ends a token for good: its next call is refused by the ledger at once, calls under way finish and are charged.
    The row keeps its name for the logs; the name is free again. A second call raises `TokenMissing`.
    """
    with transaction.atomic():
        token = _locked(token_id, actor)
        if token.disabled_at is None:
            wallet.close_account(token.account_id)
        token.deleted_at = at
        token.save(update_fields=["deleted_at"])
        record("token.deleted", token, actor=actor, at=at, reason=reason)


def refill_due(uses: Iterable[TokenUse], *, at: datetime) -> bool:
    """Refills the limits among these whose period has ended; True when there were some: then read them again."""
    due = [use.token.account_id for use in uses if use.use.resets_at is not None and use.use.resets_at <= at]
    return bool(due) and wallet.tend_accounts(due) > 0


def _lock_team(team_id: int, actor: int | None) -> int:
    """Locks the team; returns its wallet. Whoever was removed while an act of theirs waited here does it no more.

    Raises `PermissionMissing`.
    """
    team = teams.lock_team(team_id)
    if actor is not None and not (team_queries.has_right(team_id, actor, "tokens.change") or people.is_operator(actor)):
        raise PermissionMissing
    return team.wallet_id


def _locked(token_id: int, actor: int | None) -> ApiToken:
    """The team's row first: whoever renames or creates waits for one another there."""
    token = ApiToken.objects.filter(pk=token_id, deleted_at=None).first()
    if token is None:
        raise TokenMissing
    _lock_team(token.team_id, actor)
    locked = ApiToken.objects.select_for_update(of=("self",)).filter(pk=token_id, deleted_at=None).first()
    if locked is None:
        raise TokenMissing
    return locked


def _refuse_of_who_left(token: ApiToken, actor: int | None) -> None:
    team_id, creator = token.team_id, token.created_by_id
    if actor is None or creator is None or team_queries.is_member(team_id, creator):
        return
    if not (team_queries.has_right(team_id, actor, "members.change") or people.is_operator(actor)):
        raise TokenOfWhoLeft


def _free_name(team_id: int, name: str, *, but: ApiToken | None = None) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_LENGTH or not name.isprintable():
        raise TokenInvalid(_("Give the token a name of 1 to %(n)s characters.") % {"n": NAME_LENGTH}, field="name")
    same = ApiToken.objects.filter(team_id=team_id, deleted_at=None, name__iexact=name)
    if (same if but is None else same.exclude(pk=but.pk)).exists():
        raise TokenNameTaken
    return name


def apply_terms(token: ApiToken, terms: TokenTerms, *, at: datetime) -> None:
    """Puts the terms that are given on a token, unsaved. Raises `TokenInvalid`."""
    token.limit_nanos = _limit(terms.get("limit_nanos", token.limit_nanos))
    token.reset = _reset(terms.get("reset", token.reset))
    if "model_codes" in terms:
        token.model_codes = _known_models(terms["model_codes"])
    if "ip_allow" in terms:
        token.ip_allow = _networks(terms["ip_allow"])
    if "expires_at" in terms:
        token.expires_at = _future(terms["expires_at"], at=at)
    if "concurrency" in terms:
        token.concurrency = _rate(terms["concurrency"], "concurrency")
    if "rpm" in terms:
        token.rpm = _rate(terms["rpm"], "rpm")
    if "tpm" in terms:
        token.tpm = _rate(terms["tpm"], "tpm")


def _limit(nanos: int) -> int:
    if not 0 <= nanos <= MAX_NANOS // 2:
        raise TokenInvalid(_("A limit is an amount of credits; 0 means no limit."), field="limit")
    return nanos


def _reset(reset: str) -> str:
    if reset and reset not in Reset.values:
        raise TokenInvalid(_("A limit is refilled daily, weekly, monthly or never."), field="reset")
    return reset


def _known_models(codes: Collection[str]) -> list[str]:
    wanted = sorted(set(codes))
    unknown = sorted(set(wanted) - set(marketplace.model_ids(wanted)))
    if unknown:
        raise TokenInvalid(_("There is no model %(model)s.") % {"model": unknown[0][:120]}, field="models")
    return _bounded(wanted, "models")


def _networks(texts: Collection[str]) -> list[str]:
    try:
        networks = {str(_network(text.strip())) for text in texts}
    except ValueError as error:
        raise TokenInvalid(
            _("Write addresses such as 203.0.113.7 or 203.0.113.0/24: %(reason)s") % {"reason": error},
            field="ip_allow",
        ) from None
    return _bounded(sorted(networks), "ip_allow")


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """As client addresses are compared: IPv4 inside IPv6 counts as IPv4, and no address has a zone."""
    network = ipaddress.ip_network(text, strict=False)
    if isinstance(network, ipaddress.IPv4Network):
        return network
    if network.network_address.scope_id:
        raise ValueError("leave out the zone after %")
    inner = network.network_address.ipv4_mapped
    if inner is None or network.prefixlen < 96:
        return network
    return ipaddress.ip_network((inner, network.prefixlen - 96), strict=False)


def _bounded(values: list[str], field: str) -> list[str]:
    if len(values) > MAX_LIST_ITEMS:
        raise TokenInvalid(_("List at most %(n)s values here.") % {"n": MAX_LIST_ITEMS}, field=field)
    return values


def _future(expires_at: datetime | None, *, at: datetime) -> datetime | None:
    if expires_at is not None and expires_at <= at:
        raise TokenInvalid(_("Choose an expiry in the future."), field="expires_at")
    return expires_at


def _rate(rate: int | None, field: str) -> int | None:
    if rate is not None and not 1 <= rate <= MAX_RATE:
        raise TokenInvalid(_("Write a whole number of at least 1, or nothing."), field=field)
    return rate


def _shown(token: ApiToken) -> dict[str, object]:
    return {
        "name": token.name,
        "limit_nanos": token.limit_nanos,
        "reset": token.reset,
        "model_codes": list(token.model_codes),
        "ip_allow": list(token.ip_allow),
        "concurrency": token.concurrency,
        "rpm": token.rpm,
        "tpm": token.tpm,
        "expires_at": token.expires_at.isoformat() if token.expires_at else None,
    }


def record(
    act: str,
    token: ApiToken,
    *,
    actor: int | None,
    at: datetime,
    reason: str = "",
    before: dict[str, object] | None = None,
) -> None:
    after = _shown(token)
    changed = {name: {"from": was, "to": after[name]} for name, was in (before or {}).items() if was != after[name]}
    team = token.team.public_id
    details = {"name": token.name, "team": team, **changed}
    line = Act(act, "token", token.public_id, actor_id=actor, reason=reason, details=details, scope=team)
    journal.record_act(line, at=at)
