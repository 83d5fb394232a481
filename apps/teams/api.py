"""The platform API of teams, and of the personal access tokens of whoever is signed in."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.api import CURSOR, LIMIT, page_body, page_of
from apps.core.pagination import Page
from apps.teams import queries, services
from apps.teams.authentication import PlatformView
from apps.teams.decorators import require_scope, session_required, teams_of_caller
from apps.teams.errors import TokenMissing
from apps.teams.serializers import (
    AccessTokenPageSerializer,
    AccessTokenSerializer,
    TeamPageSerializer,
    TeamSerializer,
)


class TeamListView(PlatformView):
    @extend_schema(operation_id="teams_list", responses=TeamPageSerializer)
    def get(self, request: Request) -> Response:
        """Every team of the caller with the role there; a personal access token sees its own team."""
        require_scope(request, "read")
        teams = [TeamSerializer(team).data for team in teams_of_caller(request)]
        return Response(page_body(request, Page(teams)))


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
    if request.user.pk is None:
        raise TypeError("Ask for a signed-in caller first.")
    return int(request.user.pk)
