"""The platform API of API tokens."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.api import CURSOR, IDEMPOTENCY_KEY, LIMIT, TEAM, page_body, page_of
from apps.relay import queries, services
from apps.relay.errors import TokenMissing
from apps.relay.limits import RATES, limits_in_force
from apps.relay.models import ApiToken
from apps.relay.queries import TokenUse
from apps.relay.serializers import (
    ChangedTokenSerializer,
    CreatedTokenSerializer,
    NewTokenSerializer,
    TokenPageSerializer,
    TokenSerializer,
)
from apps.teams import queries as teams
from apps.teams.authentication import PlatformView
from apps.teams.decorators import CallersTeams, idempotent, reach_required, team_required
from apps.teams.types import GroupTerms, TeamAccess
from apps.wallet.types import RateLimits


class TokenListView(PlatformView):
    @extend_schema(operation_id="tokens_list", parameters=[TEAM, CURSOR, LIMIT], responses=TokenPageSerializer)
    @team_required("tokens.view", scope="read")
    def get(self, request: Request, team: TeamAccess) -> Response:
        """The team's tokens, newest first, without their secrets."""
        cursor, size = page_of(request)
        group = teams.group_terms(team.main_group)
        page = queries.token_page(team.id, cursor=cursor, size=size)
        if services.refill_due(page.results, at=clock.now()):
            page = queries.token_page(team.id, cursor=cursor, size=size)
        return Response(page_body(request, page.map(lambda row: _shown(row, team, group))))

    @extend_schema(
        operation_id="tokens_create",
        parameters=[IDEMPOTENCY_KEY],
        request=NewTokenSerializer,
        responses={201: CreatedTokenSerializer},
    )
    @idempotent
    @team_required("tokens.change", scope="tokens")
    def post(self, request: Request, team: TeamAccess) -> Response:
        """Makes a token. `token` holds its text, this once; a repetition with the same key shows the rest only."""
        asked = NewTokenSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        terms: dict[str, Any] = {name: value for name, value in asked.validated_data.items() if name != "team"}
        token, secret = services.create_token(team.id, terms.pop("name"), actor=team.user_id, at=clock.now(), **terms)
        return Response({**_shown_token(token, team), "token": secret}, status=201)

    @reach_required(scope="tokens")
    def repeated(self, request: Request, reach: CallersTeams, object_id: str) -> Response:
        token, team = _found(reach, object_id, "tokens.change")
        return Response(_shown_token(token, team))


class TokenView(PlatformView):
    @extend_schema(operation_id="tokens_retrieve", responses=TokenSerializer)
    @reach_required(scope="read")
    def get(self, request: Request, reach: CallersTeams, token_id: str) -> Response:
        token, team = _found(reach, token_id, "tokens.view")
        return Response(_shown_token(token, team))

    @extend_schema(operation_id="tokens_change", request=ChangedTokenSerializer, responses=TokenSerializer)
    @reach_required(scope="tokens")
    def patch(self, request: Request, reach: CallersTeams, token_id: str) -> Response:
        """Changes what is named and leaves the rest. A limit of "0" lifts the limit; `disabled` refuses calls.

        A rate of null takes what the access group has. A rate that is in force already changes nothing.
        """
        token, team = _found(reach, token_id, "tokens.change")
        asked = ChangedTokenSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        return Response(_shown_token(_changed(token, team, asked.validated_data), team))

    @extend_schema(operation_id="tokens_delete", responses={204: None})
    @reach_required(scope="tokens")
    def delete(self, request: Request, reach: CallersTeams, token_id: str) -> Response:
        """Ends a token within a second. Calls under way finish and are charged; logs keep its name."""
        token, team = _found(reach, token_id, "tokens.change")
        services.delete_token(token.pk, actor=team.user_id, at=clock.now())
        return Response(status=204)


def _found(reach: CallersTeams, token_id: str, permission: str) -> tuple[ApiToken, TeamAccess]:
    token = queries.token_within(reach.team_ids, token_id)
    if token is None:
        raise TokenMissing
    return token, reach.team(token.team_id, permission)


def _changed(token: ApiToken, team: TeamAccess, asked: Mapping[str, Any]) -> ApiToken:
    """All of it or nothing."""
    at, terms = clock.now(), _changed_terms(token, team, asked)
    disabled = terms.pop("disabled", None)
    with transaction.atomic():
        if disabled is True:
            services.disable_token(token.pk, actor=team.user_id, at=at)
        if disabled is False:
            services.enable_token(token.pk, actor=team.user_id, at=at)
        return services.change_token(token.pk, actor=team.user_id, at=at, **terms)


def _changed_terms(token: ApiToken, team: TeamAccess, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Without the rates that are in force already: sending back what was read must not pin what a token inherits."""
    shown = _rates(token, teams.group_terms(team.main_group))
    return {name: value for name, value in asked.items() if name not in shown or value != shown[name]}


def _rates(token: ApiToken, group: GroupTerms) -> dict[str, int | None]:
    """What admission goes by, each under its name; None for no limit."""
    limits = limits_in_force(token, RateLimits(group.concurrency, group.rpm, group.tpm))
    return {name: getattr(limits, name) or None for name in RATES}


def _shown_token(token: ApiToken, team: TeamAccess) -> dict[str, Any]:
    use = queries.token_use(token)
    if services.refill_due([use], at=clock.now()):
        use = queries.token_use(token)
    return _shown(use, team, teams.group_terms(team.main_group))


def _shown(row: TokenUse, team: TeamAccess, group: GroupTerms) -> dict[str, Any]:
    token = row.token
    return TokenSerializer(
        {
            "id": token.public_id,
            "team": team.public_id,
            "name": token.name,
            "prefix": f"{token.prefix}…{token.last_four}",
            "limit": token.limit_nanos,
            "unlimited": token.limit_nanos == 0,
            "used": row.use.used_nanos,
            "remaining": row.use.remaining_nanos,
            "reset": token.reset or None,
            "resets_at": row.use.resets_at,
            **_rates(token, group),
            "ip_allow": token.ip_allow,
            "models": token.model_codes,
            "project": None,
            "disabled": token.disabled_at is not None,
            "expires_at": token.expires_at,
            "created_at": token.created_at,
            "last_ip_first_seen": None,
        }
    ).data
