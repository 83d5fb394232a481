"""Invitations of a team on the platform API. Who gets in is changed by a session alone, after a recent sign-in: a
personal access token that leaks must not make itself at home."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.api import IDEMPOTENCY_KEY, page_body
from apps.core.pagination import Page
from apps.teams import queries, services
from apps.teams.authentication import PlatformView
from apps.teams.decorators import (
    idempotent,
    own_team_required,
    recent_sign_in_required,
    session_required,
    teams_of_caller,
)
from apps.teams.errors import InvitationMissing
from apps.teams.serializers import (
    InvitationPageSerializer,
    InvitationSerializer,
    NewInvitationSerializer,
)
from apps.teams.types import TeamAccess


class InvitationListView(PlatformView):
    @extend_schema(operation_id="team_invitations_list", responses=InvitationPageSerializer)
    @own_team_required("members.change", scope="read")
    def get(self, request: Request, team: TeamAccess) -> Response:
        """Invitations that were neither accepted, declined nor withdrawn, the newest first."""
        waiting = queries.invitations_of(team.id, at=clock.now())
        return Response(page_body(request, Page([InvitationSerializer(one).data for one in waiting])))

    @extend_schema(
        operation_id="team_invitations_create",
        parameters=[IDEMPOTENCY_KEY],
        request=NewInvitationSerializer,
        responses={201: InvitationSerializer},
    )
    @idempotent
    @own_team_required("members.change", scope="read")
    @recent_sign_in_required
    def post(self, request: Request, team: TeamAccess) -> Response:
        """Mails somebody a link into the team: it lives seven days, works once, and only for whoever has confirmed
        that address. Asks for a session with a recent sign-in."""
        wanted = NewInvitationSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        sent = services.invite(team, **wanted.validated_data, at=clock.now())
        return Response(InvitationSerializer(sent).data, status=201)

    def repeated(self, request: Request, object_id: str) -> Response:
        """What became of an answered invitation is nobody's to read here."""
        team = next((team for team in teams_of_caller(request) if team.public_id == self.kwargs["team_id"]), None)
        found = team and queries.invitation_by_public_id(team.id, object_id, at=clock.now())
        if not found:
            raise InvitationMissing
        return Response(InvitationSerializer(found).data)


class InvitationView(PlatformView):
    @extend_schema(operation_id="team_invitations_withdraw", responses={204: None})
    @own_team_required("members.change", scope="read")
    @session_required
    def delete(self, request: Request, team: TeamAccess, invitation_id: str) -> Response:
        """The link in the mail ends at once. Asks for a session."""
        services.withdraw_invitation(team, invitation_id, at=clock.now())
        return Response(status=204)
