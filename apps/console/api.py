"""Doors of the platform API that show several apps: a team's wallet, models with prices and the caller's limits."""

from decimal import Decimal

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.console.serializers import WalletSerializer
from apps.core import clock
from apps.core.api import TEAM
from apps.core.money import round_half_up
from apps.marketplace import queries as marketplace
from apps.teams.authentication import PlatformView
from apps.teams.decorators import team_required
from apps.teams.types import TeamAccess
from apps.wallet import queries as wallet


class WalletView(PlatformView):
    @extend_schema(operation_id="wallet_retrieve", parameters=[TEAM], responses=WalletSerializer)
    @team_required("wallet.view", scope="read")
    def get(self, request: Request, team: TeamAccess) -> Response:
        """Balance of the team's wallet and the lots it is made of. `available` is the balance without open holds."""
        balance = wallet.balance_of(team.wallet_id)
        rate = marketplace.credit_rate("USD", at=clock.now()).credits_per_unit
        shown = {
            "team": team.public_id,
            "balance": balance.balance_nanos,
            "held": balance.held_nanos,
            "available": balance.available_nanos,
            "usd_equivalent": _in_dollars(balance.balance_nanos, rate),
            "arrears": 0,
            "lots": wallet.lots_of(team.wallet_id),
        }
        return Response(WalletSerializer(shown).data)


def _in_dollars(nanos: int, credits_per_dollar: Decimal) -> int:
    """For display: nanocredits to thousand-millionths of a dollar."""
    credits_, dollars = credits_per_dollar.as_integer_ratio()
    return round_half_up(nanos * dollars, credits_)
