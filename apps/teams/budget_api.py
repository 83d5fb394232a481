"""Budgets on the platform API: what a team and its members may spend, and what they used of it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.api import LimitSerializer
from apps.teams import queries, services
from apps.teams.authentication import PlatformView
from apps.teams.decorators import own_team_required, recent_sign_in_required
from apps.teams.errors import MemberMissing
from apps.teams.serializers import BudgetsSerializer, ChangedBudgetSerializer
from apps.teams.types import TeamAccess


class BudgetListView(PlatformView):
    @extend_schema(operation_id="budgets_read", responses=BudgetsSerializer)
    @own_team_required("team.view", scope="read")
    def get(self, request: Request, team: TeamAccess) -> Response:
        """The budget of the team and those of its members; null where there is none."""
        found = services.budgets_now(team.id, at=clock.now())
        members = [
            {"id": member.public_id, "name": member.shown_name, "budget": found.member(member.user_id)}
            for member in queries.members_of(team.id)
        ]
        return Response(BudgetsSerializer({"team": team.public_id, "budget": found.team, "members": members}).data)


class TeamBudgetView(PlatformView):
    @extend_schema(operation_id="budgets_change_team", request=ChangedBudgetSerializer, responses=LimitSerializer)
    @own_team_required("budgets.change", scope="read")
    @recent_sign_in_required
    def patch(self, request: Request, team: TeamAccess) -> Response:
        """Bounds what all calls of the team spend. Asks for a session with a recent sign-in: no token changes budgets.

        Both fields are read together: what is absent is not kept.
        """
        at = clock.now()
        services.set_team_budget(team, **_terms(request), at=at)
        return _shown(services.budgets_now(team.id, at=at).team)


class MemberBudgetView(PlatformView):
    @extend_schema(operation_id="budgets_change_member", request=ChangedBudgetSerializer, responses=LimitSerializer)
    @own_team_required("budgets.change", scope="read")
    @recent_sign_in_required
    def patch(self, request: Request, team: TeamAccess, member_id: str) -> Response:
        """Bounds what the API tokens spend that this member made in the team, as for the team itself."""
        at = clock.now()
        member = queries.member_by_public_id(team.id, member_id)
        if member is None:
            raise MemberMissing
        services.set_member_budget(team, member.user_id, **_terms(request), at=at)
        return _shown(services.budgets_now(team.id, at=at).member(member.user_id))


def _terms(request: Request) -> dict[str, Any]:
    wanted = ChangedBudgetSerializer(data=request.data)
    wanted.is_valid(raise_exception=True)
    return {"limit_nanos": wanted.validated_data["limit"], "refill": wanted.validated_data.get("reset") or ""}


def _shown(budget: object) -> Response:
    return Response(LimitSerializer(budget).data if budget is not None else None)
