"""Fetch a team and authorise its caller in one step, for the handlers of API views. Strangers learn nothing: 404."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.contrib.auth.base_user import AbstractBaseUser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.teams import queries, roles, services
from apps.teams.errors import PermissionMissing, ScopeMissing, TeamMissing
from apps.teams.types import PersonalToken, TeamAccess

P = ParamSpec("P")
V = TypeVar("V")
TeamHandler = Callable[Concatenate[V, Request, TeamAccess, P], Response]
TeamsHandler = Callable[Concatenate[V, Request, "CallersTeams", P], Response]
Handler = Callable[Concatenate[V, Request, P], Response]


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
            require_scope(request, scope)
            return handler(view, request, _permitted(_chosen_team(request), permission), *args, **kwargs)

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


def require_scope(request: Request, scope: str) -> None:
    """A session may do all that its user may; a token only what its scopes name. Raises `ScopeMissing`."""
    if isinstance(request.auth, PersonalToken) and scope not in request.auth.scopes:
        raise ScopeMissing(scope=scope)


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


def _named_team(request: Request) -> str | None:
    body: Any = request.data if request.method in {"POST", "PATCH"} else None
    named = request.query_params.get("team") or (body.get("team") if isinstance(body, Mapping) else None)
    return None if named is None else str(named)


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
