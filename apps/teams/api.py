"""The platform API of teams, and of the personal access tokens of whoever is signed in."""

from django.contrib.auth.base_user import AbstractBaseUser
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.api import CURSOR, IDEMPOTENCY_KEY, LIMIT, LimitSerializer, page_body, page_of
from apps.core.pagination import Page
from apps.teams import queries, services
from apps.teams.authentication import PlatformView
from apps.teams.decorators import idempotent, own_team_required, require_scope, session_required, teams_of_caller
from apps.teams.errors import TeamMissing, TokenMissing
from apps.teams.serializers import (
    AccessTokenPageSerializer,
    AccessTokenSerializer,
    ChangedTeamSerializer,
    NewTeamSerializer,
    TeamDetailSerializer,
    TeamPageSerializer,
    TeamSerializer,
)
from apps.teams.types import TeamAccess


class TeamListView(PlatformView):
    @extend_schema(operation_id="teams_list", responses=TeamPageSerializer)
    def get(self, request: Request) -> Response:
        """Every team of the caller with the role there; a personal access token sees its own team."""
        require_scope(request, "read")
        teams = [TeamSerializer(team).data for team in teams_of_caller(request)]
        return Response(page_body(request, Page(teams)))

    @extend_schema(
        operation_id="teams_create",
        parameters=[IDEMPOTENCY_KEY],
        request=NewTeamSerializer,
        responses={201: TeamSerializer},
    )
    @idempotent
    @session_required
    def post(self, request: Request) -> Response:
        """A team with a wallet of its own; you are its owner. Asks for a session: a token acts in one team only."""
        wanted = NewTeamSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        team = services.create_team(wanted.validated_data["name"], owner=_user(request), at=clock.now())
        return Response(TeamSerializer(team).data, status=201)

    def repeated(self, request: Request, object_id: str) -> Response:
        team = queries.team_for(_user(request).pk, object_id)
        if team is None:
            raise TeamMissing
        return Response(TeamSerializer(team).data)


class TeamView(PlatformView):
    @extend_schema(operation_id="teams_retrieve", responses=TeamDetailSerializer)
    @own_team_required("team.view", scope="read")
    def get(self, request: Request, team: TeamAccess) -> Response:
        """One team of yours with your role there, and its budget."""
        budget = services.budgets_now(team.id, at=clock.now()).team
        shown = LimitSerializer(budget).data if budget else None
        return Response({**TeamSerializer(team).data, "budget": shown})

    @extend_schema(operation_id="teams_change", request=ChangedTeamSerializer, responses=TeamSerializer)
    @own_team_required("team.change", scope="read")
    @session_required
    def patch(self, request: Request, team: TeamAccess) -> Response:
        """Another name for the team. Asks for a session."""
        wanted = ChangedTeamSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        if "name" in wanted.validated_data:
            services.rename_team(team, name=wanted.validated_data["name"], at=clock.now())
        return Response(TeamSerializer(queries.team_for(team.user_id, team.public_id)).data)


class AccessTokenListView(PlatformView):
    @extend_schema(operation_id="access_tokens_list", parameters=[CURSOR, LIMIT], responses=AccessTokenPageSerializer)
    @session_required
    def get(self, request: Request) -> Response:
        """Your personal access tokens, newest first, ended ones too. Asks for a session: no such token sees them."""
        cursor, size = page_of(request)
        page = queries.token_entries(_user_id(request), at=clock.now(), cursor=cursor, size=size)
        return Response(page_body(request, page.map(lambda entry: AccessTokenSerializer(entry).data)))


class AccessTokenView(PlatformView):
    @extend_schema(operation_id="access_tokens_revoke", responses={204: None})
    @session_required
    def delete(self, request: Request, token_id: str) -> Response:
        """Ends a token of yours at once, for good; a repetition changes nothing. Asks for a session."""
        at = clock.now()
        found = queries.token_entry(_user_id(request), token_id, at=at)
        if found is None:
            raise TokenMissing
        services.revoke_personal_access_token(_user_id(request), found[0], at=at)
        return Response(status=204)


def _user_id(request: Request) -> int:
    return int(_user(request).pk)


def _user(request: Request) -> AbstractBaseUser:
    if not isinstance(request.user, AbstractBaseUser):
        raise TypeError("Ask for a signed-in caller first.")
    return request.user
