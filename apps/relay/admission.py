"""Who calls, and whether this caller may use this model at all. Money and rates are the ledger's to decide."""

from collections.abc import Iterable
from datetime import datetime
from difflib import get_close_matches
from ipaddress import ip_address

from apps.relay.errors import AddressNotAllowed, BadRequest, InvalidToken, ModelNotFound
from apps.relay.limits import limits_in_force
from apps.relay.types import (
    Admission,
    Ask,
    Caller,
    GroupSnapshot,
    ModelSnapshot,
    Snapshots,
    TeamSnapshot,
    TokenSnapshot,
)

USABLE = frozenset(("beta", "ga"))
BEARER = "bearer "
SHOWN_CHARACTERS = 120


def secret_of(authorization: str | None, api_key: str | None) -> str:
    """The token's text from `Authorization: Bearer …` or `x-api-key`; `InvalidToken` says what the header lacks."""
    if authorization is None:
        if api_key:
            return api_key.strip()
        raise InvalidToken(
            "You did not send an API key. Send it in the header 'Authorization: Bearer YOUR_KEY'.", hint="missing"
        )
    if authorization[:7].lower() != BEARER:
        raise InvalidToken(
            "The Authorization header must read 'Bearer YOUR_KEY': the word Bearer, a space, the key.",
            hint="missing_bearer",
        )
    return authorization[7:].strip()


async def token_of(snapshots: Snapshots, secret: str) -> TokenSnapshot:
    """The token with this text, usable or not; else `InvalidToken`."""
    return known(await snapshots.token_by_secret(secret))


def known(token: TokenSnapshot | None) -> TokenSnapshot:
    if token is None:
        raise InvalidToken("This API key is not known. Check that it was copied whole.", hint="unknown")
    return token


async def authenticate(snapshots: Snapshots, token: TokenSnapshot, *, ip: str, at: datetime) -> Caller:
    """The caller who has this token. `InvalidToken` with a hint, `AddressNotAllowed`."""
    check_alive(token, at)
    return caller_of(token, await snapshots.team_by_id(token.team_id), ip=ip)


def caller_of(token: TokenSnapshot, team: TeamSnapshot, *, ip: str) -> Caller:
    """Who calls from this address. Raises as `authenticate` does."""
    if team.closed:
        raise InvalidToken("The team of this API key is closed or suspended.", hint="disabled")
    if token.ip_allow and not any(ip_address(ip) in network for network in token.ip_allow):
        raise AddressNotAllowed
    return Caller(token, team, ip)


def check_alive(token: TokenSnapshot, at: datetime) -> None:
    if token.deleted:
        raise InvalidToken("This API key was deleted. Use another one.", hint="deleted")
    if token.disabled:
        raise InvalidToken("This API key is disabled.", hint="disabled")
    if token.expires_at is not None and token.expires_at <= at:
        raise InvalidToken("This API key has expired. Use another one.", hint="expired")


def admit(snapshots: Snapshots, caller: Caller, ask: Ask, *, at: datetime) -> Admission:
    """The model, the group that prices it and the limits. `BadRequest` for a model of another kind of endpoint."""
    model, group = _usable(snapshots, caller, ask.model, at)
    if model.type != ask.endpoint.model_type:
        raise BadRequest(
            f"The model '{model.code}' is of the type '{model.type}' and does not answer {ask.endpoint.path}.",
            param="model",
            code="unsupported_value",
        )
    return Admission(caller, model, group, limits_in_force(caller.token, group.token_limits), group.wallet_limits)


def _usable(snapshots: Snapshots, caller: Caller, model_code: str, at: datetime) -> tuple[ModelSnapshot, GroupSnapshot]:
    """`ModelNotFound` tells nothing of models out of reach."""
    model = snapshots.models.get(model_code)
    group = None if model is None else _group_of(snapshots, caller, model, at)
    if model is None or group is None:
        raise _unknown(snapshots, caller, model_code, at)
    if model.lifecycle not in USABLE or model.price is None:
        raise _unusable(snapshots, caller, model, at)
    return model, group


def _group_of(snapshots: Snapshots, caller: Caller, model: ModelSnapshot, at: datetime) -> GroupSnapshot | None:
    allowed = caller.token.model_codes
    return None if allowed and model.code not in allowed else snapshots.group_for(caller.team, model, at)


def models_for(snapshots: Snapshots, caller: Caller, *, at: datetime) -> list[ModelSnapshot]:
    """The models this token can call now, by id."""
    usable = (model for model in snapshots.models.values() if model.lifecycle in USABLE and model.price is not None)
    return sorted(
        (model for model in usable if _group_of(snapshots, caller, model, at) is not None), key=lambda model: model.code
    )


def model_for(snapshots: Snapshots, caller: Caller, model_code: str, *, at: datetime) -> ModelSnapshot:
    """One model that this token can call now. `ModelNotFound`."""
    return _usable(snapshots, caller, model_code, at)[0]


def _unknown(snapshots: Snapshots, caller: Caller, code: str, at: datetime) -> ModelNotFound:
    near = _nearest(code, (model.code for model in models_for(snapshots, caller, at=at)))
    help_ = f" Did you mean {', '.join(near)}?" if near else " GET /v1/models lists the models of this key."
    shown = code if len(code) <= SHOWN_CHARACTERS else f"{code[:SHOWN_CHARACTERS]}…"
    return ModelNotFound(
        f"The model '{shown}' does not exist, or this key may not use it.{help_}", param="model", nearest=near
    )


def _unusable(snapshots: Snapshots, caller: Caller, model: ModelSnapshot, at: datetime) -> ModelNotFound:
    """Retired: when, and what follows it. Planned, or not priced yet: that it is to come."""
    if model.lifecycle != "retired":
        text = f"The model '{model.code}' is planned and cannot be called yet."
        return ModelNotFound(text, availability="planned", param="model", nearest=[])
    reachable = {usable.code for usable in models_for(snapshots, caller, at=at)}
    successor = model.successor if model.successor in reachable else None
    when = f" on {model.retired_on}" if model.retired_on else ""
    instead = f" Use '{successor}' instead." if successor else ""
    return ModelNotFound(
        f"The model '{model.code}' was retired{when}.{instead}",
        availability="retired",
        retired_on=model.retired_on,
        successor=successor,
        param="model",
        nearest=[successor] if successor else [],
    )


def _nearest(code: str, codes: Iterable[str]) -> list[str]:
    by_lower = {known.lower(): known for known in codes}
    return [by_lower[near] for near in get_close_matches(code.lower()[:SHOWN_CHARACTERS], by_lower, n=3, cutoff=0.6)]
