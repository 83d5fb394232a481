"""What handlers of API views are wrapped in: fetch a team and authorise its caller in one step; repeat safely.

Strangers learn nothing: 404.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

from allauth.account.decorators import reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.errors import Invalid
from apps.journal import services as journal
from apps.journal.errors import KeyReused
from apps.journal.types import Replay
from apps.teams import queries, roles, services
from apps.teams.errors import PermissionMissing, RecentSignInMissing, ScopeMissing, SessionRequired, TeamMissing
from apps.teams.types import PersonalToken, TeamAccess

MAX_KEY_LENGTH: Final = 255

P = ParamSpec("P")
V = TypeVar("V")
R = TypeVar("R", bound="Repeatable")
TeamHandler = Callable[Concatenate[V, Request, TeamAccess, P], Response]
TeamsHandler = Callable[Concatenate[V, Request, "CallersTeams", P], Response]
Handler = Callable[Concatenate[V, Request, P], Response]


class OtherBody(APIException):
    status_code = 422
    default_code = "idempotency_key_reused"


class CallersTeams:
    """The teams that a caller is in, by row id: all of a session's, the one of a token."""

    def __init__(self, teams: list[TeamAccess]) -> None:
        self._teams = {team.id: team for team in teams}

    @property
    def team_ids(self) -> list[int]:
        return list(self._teams)

    def team(self, team_id: int, permission: str) -> TeamAccess:
        """The team of a thing that was looked up within `team_ids`. Raises `PermissionMissing`."""
        return _permitted(self._teams[team_id], permission)


def team_required(permission: str, *, scope: str) -> Callable[[TeamHandler[V, P]], Handler[V, P]]:
    """The handler gets the team that `team` names in the query or the body; without it the token's or the own one."""
    _known(permission)

    def decorate(handler: TeamHandler[V, P]) -> Handler[V, P]:
        @wraps(handler)
        def wrapped(view: V, request: Request, /, *args: P.args, **kwargs: P.kwargs) -> Response:
            return handler(view, request, _permitted(team_of(request, scope=scope), permission), *args, **kwargs)

        return wrapped

    return decorate


def own_team_required(permission: str, *, scope: str) -> Callable[[TeamHandler[V, P]], Callable[..., Response]]:
    """The handler gets the team whose id stands in the path, as `team_id`."""
    _known(permission)

    def decorate(handler: TeamHandler[V, P]) -> Callable[..., Response]:
        @wraps(handler)
        def wrapped(view: V, request: Request, /, team_id: str, *args: P.args, **kwargs: P.kwargs) -> Response:
            require_scope(request, scope)
            team = next((team for team in teams_of_caller(request) if team.public_id == team_id), None)
            if team is None:
                raise TeamMissing
            return handler(view, request, _permitted(team, permission), *args, **kwargs)

        return wrapped

    return decorate


def reach_required(*, scope: str) -> Callable[[TeamsHandler[V, P]], Handler[V, P]]:
    """For things with an id of their own: the handler gets every team of the caller and looks within them."""

    def decorate(handler: TeamsHandler[V, P]) -> Handler[V, P]:
        @wraps(handler)
        def wrapped(view: V, request: Request, /, *args: P.args, **kwargs: P.kwargs) -> Response:
            require_scope(request, scope)
            return handler(view, request, CallersTeams(teams_of_caller(request)), *args, **kwargs)

        return wrapped

    return decorate


class Repeatable(Protocol):
    """A view whose POST makes an object, and which can show that object again."""

    def repeated(self, request: Request, object_id: str) -> Response: ...


def idempotent(handler: Handler[R, P]) -> Handler[R, P]:
    """Honours `Idempotency-Key`: a repetition within 24 hours makes nothing and shows the object again, no secrets.

    The claim of the key, the act and its result are one transaction: a failed act frees its key. Another body under
    the same key is 422; a twin while the first is under way is 409.
    """

    @wraps(handler)
    def wrapped(view: R, request: Request, /, *args: P.args, **kwargs: P.kwargs) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return handler(view, request, *args, **kwargs)
        if not (key.isascii() and key.isprintable() and 1 <= len(key) <= MAX_KEY_LENGTH):
            raise Invalid(f"An Idempotency-Key has 1 to {MAX_KEY_LENGTH} printable ASCII characters.")
        scope = _key_scope(request)
        with transaction.atomic():
            replay = _begin(request, scope=scope, key=key)
            if replay is not None:
                return _shown_again(view, request, replay)
            response = handler(view, request, *args, **kwargs)
            object_id = str(response.data["id"])
            journal.finish_keyed(scope, key=key, status=response.status_code, object_id=object_id)
            return response

    return wrapped


def session_required(handler: Handler[V, P]) -> Handler[V, P]:
    """For what no personal access token covers, whatever its scopes. Raises `SessionRequired`."""

    @wraps(handler)
    def wrapped(view: V, request: Request, /, *args: P.args, **kwargs: P.kwargs) -> Response:
        if isinstance(request.auth, PersonalToken):
            raise SessionRequired
        return handler(view, request, *args, **kwargs)

    return wrapped


def recent_sign_in_required(handler: Handler[V, P]) -> Handler[V, P]:
    """For what the console's forms ask a recent sign-in for. Raises `SessionRequired` and `RecentSignInMissing`."""

    return session_required(stale_sessions_refused(handler))


def stale_sessions_refused(handler: Handler[V, P]) -> Handler[V, P]:
    """The same for sessions; a personal access token goes by its scopes. Raises `RecentSignInMissing`."""

    @wraps(handler)
    def wrapped(view: V, request: Request, /, *args: P.args, **kwargs: P.kwargs) -> Response:
        if request.user.is_authenticated and not isinstance(request.auth, PersonalToken):
            try:
                _nothing(request)
            except ReauthenticationRequired:
                raise RecentSignInMissing from None
        return handler(view, request, *args, **kwargs)

    return wrapped


@reauthentication_required  # type: ignore[untyped-decorator]
def _nothing(request: Request) -> None:
    """What allauth lets through after a recent sign-in."""


def require_scope(request: Request, scope: str) -> None:
    """A session may do all that its user may; a token only what its scopes name. Raises `ScopeMissing`."""
    if isinstance(request.auth, PersonalToken) and scope not in request.auth.scopes:
        raise ScopeMissing(scope=scope)


def team_of(request: Request, *, scope: str) -> TeamAccess:
    """The team that a signed-in caller means, whatever the role there. Raises `ScopeMissing` and `TeamMissing`."""
    require_scope(request, scope)
    return _chosen_team(request)


def team_or_nobody(request: Request, *, scope: str) -> TeamAccess | None:
    """The same for what strangers may ask too; None for them."""
    return team_of(request, scope=scope) if request.user.is_authenticated else None


def teams_of_caller(request: Request) -> list[TeamAccess]:
    """All teams of a session's user; the one team of a token."""
    if isinstance(request.auth, PersonalToken):
        return [request.auth.team]
    return queries.teams_of(_user(request).pk)


def _chosen_team(request: Request) -> TeamAccess:
    named = _named_team(request)
    if isinstance(request.auth, PersonalToken):
        return _same(request.auth.team, named)
    if named is None:
        return services.personal_team_of(_user(request))
    team = queries.team_for(_user(request).pk, named)
    if team is None:
        raise TeamMissing
    return team


def _key_scope(request: Request) -> str:
    """Two callers, or two routes, never share a key."""
    caller = f"pat:{request.auth.id}" if isinstance(request.auth, PersonalToken) else f"user:{_user(request).pk}"
    return f"{caller} {request.method} {request.path}"


def _begin(request: Request, *, scope: str, key: str) -> Replay | None:
    body = json.dumps([request.query_params.dict(), request.data], sort_keys=True).encode()
    try:
        return journal.begin_keyed(scope, key=key, digest=hashlib.sha256(body).digest(), at=clock.now())
    except KeyReused as error:
        raise OtherBody(str(error.text)) from error


def _shown_again(view: Repeatable, request: Request, replay: Replay) -> Response:
    response = view.repeated(request, replay.object_id)
    response.status_code = replay.status
    response["Idempotent-Replayed"] = "true"
    return response


def _named_team(request: Request) -> str | None:
    body: Any = request.data if request.method in {"POST", "PATCH"} else None
    inside = body.get("team") if isinstance(body, Mapping) else None
    named = {str(team) for team in (request.query_params.get("team"), inside) if team is not None}
    if len(named) > 1:
        raise TeamMissing  # an act for either of two teams would be a guess
    return named.pop() if named else None


def _same(team: TeamAccess, named: str | None) -> TeamAccess:
    if named not in {None, team.public_id}:
        raise TeamMissing
    return team


def _permitted(team: TeamAccess, permission: str) -> TeamAccess:
    if not team.may(_known(permission)):
        raise PermissionMissing
    return team


def _known(permission: str) -> str:
    """A permission that no role table knows is a mistake of ours, not a no."""
    if permission not in roles.PERMISSIONS:
        raise ValueError(f"{permission!r} is no permission of a team.")
    return permission


def _user(request: Request) -> AbstractBaseUser:
    if not isinstance(request.user, AbstractBaseUser):
        raise TypeError("A handler that needs a team must ask for a signed-in caller.")
    return request.user
