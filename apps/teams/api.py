"""The platform API of teams and of the wallet that each of them owns."""

from decimal import Decimal

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import page_body
from apps.core.money import round_half_up
from apps.core.pagination import Page
from apps.teams.authentication import PlatformView
from apps.teams.decorators import require_scope, team_required, teams_of_caller
from apps.teams.serializers import TeamPageSerializer, TeamSerializer, WalletSerializer
from apps.teams.types import TeamAccess
from apps.wallet import queries as wallet

TEAM = OpenApiParameter(
    "team", OpenApiTypes.STR, description="Public id of a team of yours; the token's own or the personal one if absent."
)


class TeamListView(PlatformView):
    @extend_schema(operation_id="teams_list", responses=TeamPageSerializer)
    def get(self, request: Request) -> Response:
        """Every team of the caller with the role there; a personal access token sees its own team."""
        require_scope(request, "read")
        teams = [TeamSerializer(team).data for team in teams_of_caller(request)]
        return Response(page_body(request, Page(teams)))


class WalletView(PlatformView):
    @extend_schema(operation_id="wallet_retrieve", parameters=[TEAM], responses=WalletSerializer)
    @team_required("wallet.view", scope="read")
    def get(self, request: Request, team: TeamAccess) -> Response:
        """Balance of the team's wallet and the lots it is made of. `available` is the balance without open holds."""
        balance = wallet.balance_of(team.wallet_id)
        shown = {
            "team": team.public_id,
            "balance": balance.balance_nanos,
            "held": balance.held_nanos,
            "available": balance.available_nanos,
            "usd_equivalent": _usd_equivalent(balance.balance_nanos),
            "arrears": 0,
            "lots": wallet.lots_of(team.wallet_id),
        }
        return Response(WalletSerializer(shown).data)


def _usd_equivalent(nanos: int) -> int:
    credits_, dollars = Decimal(settings.CREDITS_PER_USD).as_integer_ratio()
    return round_half_up(nanos * dollars, credits_)
