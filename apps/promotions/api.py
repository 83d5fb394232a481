"""The platform API of invitations: code, rewards, who came, and rewards moved to a balance."""

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.api import CURSOR, IDEMPOTENCY_KEY, LIMIT, page_body, page_of
from apps.core.ids import uuid7
from apps.promotions import queries, services
from apps.promotions.serializers import (
    InviteeSerializer,
    ReferralPageSerializer,
    RewardSumsSerializer,
    RewardTransferRequestSerializer,
    RewardTransferSerializer,
)
from apps.promotions.types import MovedRewards
from apps.teams.authentication import PlatformView
from apps.teams.decorators import idempotent, require_scope, stale_sessions_refused, team_required
from apps.teams.types import TeamAccess


class ReferralListView(PlatformView):
    @extend_schema(operation_id="referrals_retrieve", parameters=[CURSOR, LIMIT], responses=ReferralPageSerializer)
    def get(self, request: Request) -> Response:
        """Your code and link, what your invitations earned, and who came by them, newest first, masked."""
        require_scope(request, "read")
        cursor, size = page_of(request)
        services.referral_code_of(_user_id(request), at=clock.now())
        page = queries.referral_page_of(_user_id(request), cursor=cursor, size=size)
        shown = page.invitees.map(lambda invitee: InviteeSerializer(invitee).data)
        head = {"code": page.code, "link": page.link, "rewards": RewardSumsSerializer(page.sums).data}
        return Response({**head, **page_body(request, shown)})


class RewardTransferView(PlatformView):
    @extend_schema(
        operation_id="referrals_transfer",
        parameters=[IDEMPOTENCY_KEY],
        request=RewardTransferRequestSerializer,
        responses={201: RewardTransferSerializer},
    )
    @idempotent
    @team_required("wallet.change", scope="topup")
    @stale_sessions_refused
    def post(self, request: Request, team: TeamAccess) -> Response:
        """Moves available rewards to the balance of a team of yours, by default your personal one. More than is
        available is 409, and nothing happens. A personal access token moves them to its own team only; a session asks
        for a recent sign-in."""
        asked = RewardTransferRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        amount = asked.validated_data["amount"]
        moved = services.transfer_rewards(team, amount_nanos=amount, key=uuid7().hex, at=clock.now())
        return Response(_shown(moved), status=201)

    def repeated(self, request: Request, object_id: str) -> Response:
        moved = queries.moved_rewards(_user_id(request), object_id)
        if moved is None:
            raise NotFound
        return Response(_shown(moved))


def _shown(moved: MovedRewards) -> dict[str, object]:
    return dict(RewardTransferSerializer(moved).data)


def _user_id(request: Request) -> int:
    if request.user.pk is None:
        raise TypeError("Ask for a signed-in caller first.")
    return int(request.user.pk)
