"""Who calls, and whether this caller may use this model at all. Money and rates are the ledger's to decide."""

from datetime import datetime
from ipaddress import ip_address

from apps.relay.errors import AddressNotAllowed, BadRequest, InvalidToken
from apps.relay.limits import limits_in_force
from apps.relay.missing_models import type_to_come, unknown_model, unusable_model
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
    model, group = _usable(snapshots, caller, ask.model, at, model_type=ask.endpoint.model_type)
    if model.type != ask.endpoint.model_type:
        raise BadRequest(
            f"The model '{model.code}' is of the type '{model.type}' and does not answer {ask.endpoint.path}.",
            param="model",
            code="unsupported_value",
        )
    return Admission(caller, model, group, limits_in_force(caller.token, group.token_limits), group.wallet_limits)


def _usable(
    snapshots: Snapshots, caller: Caller, model_code: str, at: datetime, *, model_type: str | None = None
) -> tuple[ModelSnapshot, GroupSnapshot]:
    """`ModelNotFound` tells nothing of models out of reach; where none of the type is within, that it is to come."""
    models = snapshots.models_at(at)
    model = models.get(model_code)
    group = None if model is None else _group_of(snapshots, caller, model, at)
    if model is None or group is None:
        if model_type is not None and not _has_type(snapshots, caller, model_type, at):
            raise type_to_come(model_type)
        raise unknown_model(model_code, models_for(snapshots, caller, at=at))
    if not _is_in_use(model):
        reachable = models_for(snapshots, caller, at=at)
        raise unusable_model(model, models=models, reachable=reachable)
    return model, group


def _group_of(snapshots: Snapshots, caller: Caller, model: ModelSnapshot, at: datetime) -> GroupSnapshot | None:
    allowed = caller.token.model_codes
    return None if allowed and model.code not in allowed else snapshots.group_for(caller.team, model, at)


def models_for(snapshots: Snapshots, caller: Caller, *, at: datetime) -> list[ModelSnapshot]:
    """The models this token can call now, by id."""
    usable = filter(_is_in_use, snapshots.models_at(at).values())
    return sorted(
        (model for model in usable if _group_of(snapshots, caller, model, at) is not None), key=lambda model: model.code
    )


def _is_in_use(model: ModelSnapshot) -> bool:
    return model.lifecycle in USABLE and model.price is not None


def _has_type(snapshots: Snapshots, caller: Caller, model_type: str, at: datetime) -> bool:
    """Whether the team, if not this key of it, can call a model of this type."""
    models = (model for model in snapshots.models_at(at).values() if model.type == model_type and _is_in_use(model))
    return any(snapshots.group_for(caller.team, model, at) is not None for model in models)


def model_for(snapshots: Snapshots, caller: Caller, model_code: str, *, at: datetime) -> ModelSnapshot:
    """One model that this token can call now. `ModelNotFound`."""
    return _usable(snapshots, caller, model_code, at)[0]
