"""The door of the platform API to one model: with its price, and the limits that the caller's calls have."""

from datetime import datetime

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.console.catalogue.caller_limits import CallerLimits, limits_of_key, limits_of_team
from apps.console.catalogue.model_serializers import ModelDetailSerializer, ModelSerializer, RateLimitSerializer
from apps.console.key_authentication import ApiKeyAuthentication, KeyCaller
from apps.core import clock
from apps.core.api import TEAM
from apps.marketplace import queries as marketplace
from apps.teams import queries as teams
from apps.teams.authentication import PlatformView
from apps.teams.decorators import team_or_nobody
from apps.teams.types import TeamAccess


class ModelView(PlatformView):
    authentication_classes = [ApiKeyAuthentication, *PlatformView.authentication_classes]
    permission_classes = [AllowAny]

    @extend_schema(operation_id="models_retrieve", parameters=[TEAM], responses=ModelDetailSerializer)
    def get(self, request: Request, model_id: str) -> Response:
        """A model with its price and, for a caller whom we know, the rate limits of its calls beside what the last
        minute used of them: of an API token its own, else those that each token of the team has."""
        at = clock.now()
        key = request.auth if isinstance(request.auth, KeyCaller) else None
        team = None if key else team_or_nobody(request, scope="read")
        team_id = key.team_id if key else team.id if team else None
        reach = marketplace.reach_of(team_id, at=at)
        found = marketplace.model_in_reach(model_id, reach, at=at)
        if found is None or (key and not key.may_use(model_id)):
            raise NotFound("There is no such model.")
        limits = _limits(team, key, found.group, at)
        shown = RateLimitSerializer(limits).data if limits else None
        return _by_caller(Response({**ModelSerializer(found.card).data, "rate_limits": shown}))


def _limits(team: TeamAccess | None, key: KeyCaller | None, group: str, at: datetime) -> CallerLimits | None:
    """None for a stranger, of whom there is nothing to count."""
    if key is not None:
        return limits_of_key(key, teams.group_terms(group), at=at)
    return None if team is None else limits_of_team(team, teams.group_terms(group), at=at)


def _by_caller(response: Response) -> Response:
    """Anonymous answers may be kept by caches, and no cache may hand them to somebody who is signed in."""
    response["Vary"] = "Authorization, Cookie"
    return response
