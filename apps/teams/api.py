"""The platform API of teams."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import page_body
from apps.core.pagination import Page
from apps.teams.authentication import PlatformView
from apps.teams.decorators import require_scope, teams_of_caller
from apps.teams.serializers import TeamPageSerializer, TeamSerializer


class TeamListView(PlatformView):
    @extend_schema(operation_id="teams_list", responses=TeamPageSerializer)
    def get(self, request: Request) -> Response:
        """Every team of the caller with the role there; a personal access token sees its own team."""
        require_scope(request, "read")
        teams = [TeamSerializer(team).data for team in teams_of_caller(request)]
        return Response(page_body(request, Page(teams)))
