"""Doors of the platform API to the catalogue: models with prices, and the limits that the caller's calls have."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.console.model_serializers import (
    ModelDetailSerializer,
    ModelFilterSerializer,
    ModelPageSerializer,
    ModelSerializer,
)
from apps.core import clock
from apps.core.api import CURSOR, LIMIT, TEAM, page_body, page_of
from apps.marketplace import queries as marketplace
from apps.marketplace.types import ModelCard
from apps.teams import queries as teams
from apps.teams.authentication import PlatformView
from apps.teams.decorators import team_of
from apps.teams.types import MAIN_GROUP, GroupTerms, TeamAccess
from apps.wallet import queries as wallet


class ModelListView(PlatformView):
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="models_list",
        parameters=[TEAM, ModelFilterSerializer, CURSOR, LIMIT],
        responses=ModelPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """Models with prices in credits: those of the public catalogue, or all that the caller's team may call."""
        asked = ModelFilterSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        at, (cursor, size) = clock.now(), page_of(request)
        page = marketplace.visible_models(
            [group.code for group in _groups(_team_or_nobody(request), at)],
            at=at,
            type_code=asked.validated_data.get("type", ""),
            vendor=asked.validated_data.get("vendor", ""),
            cursor=cursor,
            size=size,
        )
        return _by_caller(Response(page_body(request, page.map(lambda card: ModelSerializer(card).data))))


class ModelView(PlatformView):
    permission_classes = [AllowAny]

    @extend_schema(operation_id="models_retrieve", parameters=[TEAM], responses=ModelDetailSerializer)
    def get(self, request: Request, model_id: str) -> Response:
        """A model with its price and, for a caller who is signed in, the limits its calls have."""
        at, team = clock.now(), _team_or_nobody(request)
        card, group = _seen_model(model_id, _groups(team, at), at)
        shown = ModelSerializer(card).data
        limits = None if team is None else _rate_limits(team, group, at)
        return _by_caller(Response({**shown, "rate_limits": limits}))


def _team_or_nobody(request: Request) -> TeamAccess | None:
    return team_of(request, scope="read") if request.user.is_authenticated else None


def _groups(team: TeamAccess | None, at: datetime) -> list[GroupTerms]:
    """The groups of a team in the order in which a call takes them: the main one, then the cheapest."""
    codes = [MAIN_GROUP] if team is None else teams.access_group_codes(team.id, at=at)
    terms = [group for group in teams.access_group_terms() if group.code in codes]
    return sorted(terms, key=lambda group: (group.code != codes[0], group.multiplier.at(at), group.code))


def _seen_model(code: str, groups: list[GroupTerms], at: datetime) -> tuple[ModelCard, GroupTerms]:
    for group in groups if code.isprintable() else []:  # a NUL would not even be a question to PostgreSQL
        card = marketplace.visible_model(code, [group.code], at=at)
        if card is not None:
            return card, group
    raise NotFound("There is no such model.")


def _rate_limits(team: TeamAccess, group: GroupTerms, at: datetime) -> dict[str, Any]:
    use = wallet.rate_use(team.wallet_id, rpm=group.wallet_rpm, tpm=group.wallet_tpm, at=at)
    return {
        "scope": {"group": group.code, "wallet": team.public_id, "token": None},
        "limited_by": "group",
        "effective": {
            "rpm": group.rpm or None,
            "tpm": group.tpm or None,
            "concurrency": group.concurrency or None,
        },
        "current": {
            "rpm": use.requests if group.wallet_rpm else None,
            "tpm": use.tokens if group.wallet_tpm else None,
            "concurrency": use.open_slots,
        },
        "reset_at": None,
        "upgrade_url": "/console/limits",
    }


def _by_caller(response: Response) -> Response:
    """Anonymous answers may be kept by caches, and no cache may hand them to somebody who is signed in."""
    response["Vary"] = "Authorization, Cookie"
    return response
