"""Doors of the platform API that show several apps: a team's wallet, its calls, its members."""

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.console import departures, services
from apps.console.compatibility import own_user
from apps.console.queries import ExplainedCall, explained_call
from apps.console.readers import signed_in
from apps.console.serializers import (
    CallSerializer,
    ChangedMemberSerializer,
    LogFilterSerializer,
    LoggedCallSerializer,
    LogPageSerializer,
    MemberPageSerializer,
    MemberSerializer,
    OwnUserSerializer,
    StatementFilterSerializer,
    StatementSerializer,
    WalletChangeSerializer,
    WalletSerializer,
)
from apps.core import clock
from apps.core.api import CURSOR, LIMIT, TEAM, LimitSerializer, page_body, page_of
from apps.core.billing_calendar import business_date, day_bounds, month_bounds
from apps.core.errors import Invalid
from apps.core.ids import public_id
from apps.core.money import round_half_up
from apps.core.pagination import Page
from apps.marketplace import queries as marketplace
from apps.relay import queries as relay
from apps.relay.errors import TokenMissing
from apps.teams import queries as teams
from apps.teams import services as team_services
from apps.teams.authentication import PlatformView
from apps.teams.decorators import own_team_required, recent_sign_in_required, team_required
from apps.teams.errors import MemberMissing
from apps.teams.types import Member, TeamAccess
from apps.usage import queries as usage
from apps.usage.types import LogFilters, LoggedCall
from apps.wallet import queries as wallet
from apps.wallet import services as wallet_services
from apps.wallet.quota_types import LOT_FIELDS, refuse_gone_in
from apps.wallet.statement_lines import Code, Movement, Period
from apps.wallet.types import LimitUse


class WalletView(PlatformView):
    @extend_schema(operation_id="wallet_retrieve", parameters=[TEAM], responses=WalletSerializer)
    @team_required("wallet.view", scope="read")
    def get(self, request: Request, team: TeamAccess) -> Response:
        """Balance of the team's wallet and the lots it is made of. `available` is the balance without open holds."""
        refuse_gone_in(request.query_params)
        wallet_services.tend_accounts([team.wallet_id])
        return Response(_shown_wallet(team))

    @extend_schema(operation_id="wallet_change", request=WalletChangeSerializer, responses=WalletChangeSerializer)
    @team_required("wallet.change", scope="topup")
    def patch(self, request: Request, team: TeamAccess) -> Response:
        """Whether calls stop when free credit is used up: they answer 402 then, and paid credit stays untouched. It
        takes effect with the next call, and can be turned off at any time. The answer tells the switch alone, because a
        token that may turn it need not see the wallet."""
        refuse_gone_in(request.data)
        asked = WalletChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        is_on: bool = asked.validated_data["stop_when_free_is_used_up"]
        services.set_free_only(team, is_on=is_on, at=clock.now())
        return Response({"team": team.public_id, "stop_when_free_is_used_up": is_on})


class StatementView(PlatformView):
    @extend_schema(
        operation_id="wallet_statement_retrieve",
        parameters=[TEAM, StatementFilterSerializer, CURSOR, LIMIT],
        responses=StatementSerializer,
    )
    @team_required("wallet.view", scope="read")
    def get(self, request: Request, team: TeamAccess) -> Response:
        """Opening balance, every movement newest first, closing balance. `kind` chooses among the movements only."""
        refuse_gone_in(request.query_params, names=LOT_FIELDS | {"kind"})
        asked = StatementFilterSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        cursor, size = page_of(request)
        period = _period(asked.validated_data, at=clock.now())
        codes = [Code(asked.validated_data["kind"])] if "kind" in asked.validated_data else []
        wallet_services.tend_accounts([team.wallet_id])
        found = wallet.statement(team.wallet_id, period, codes=codes, cursor=cursor, size=size)
        shown = {
            "team": team.public_id,
            "from": period.start,
            "to": period.end,
            "opening": found.opening_nanos,
            "closing": found.closing_nanos,
            "totals": found.totals,
            **page_body(request, found.page.map(_shown_movement)),
        }
        return Response(StatementSerializer(shown).data)


class OwnUserView(PlatformView):
    @extend_schema(operation_id="user_self_retrieve", parameters=[TEAM], responses=OwnUserSerializer)
    @team_required("wallet.view", scope="read")
    def get(self, request: Request, team: TeamAccess) -> Response:
        """For front ends written for New API: who calls, and the balance of the team in quota, 500,000 a US dollar.
        There is one balance: rewards for invitations are not in it, and `aff_quota` is always 0."""
        wallet_services.tend_accounts([team.wallet_id])
        user = signed_in(request)
        return Response({"success": True, "message": "", "data": own_user(user, team, at=clock.now())})


class UsageLogView(PlatformView):
    @extend_schema(
        operation_id="usage_logs_list",
        parameters=[TEAM, LogFilterSerializer, CURSOR, LIMIT],
        responses=LogPageSerializer,
    )
    @team_required("logs.view", scope="read")
    def get(self, request: Request, team: TeamAccess) -> Response:
        """The team's calls, newest first; a call is here seconds after it ended. Contents of messages are not kept."""
        asked = LogFilterSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        cursor, size = page_of(request)
        page = usage.log_page(team.id, _log_filters(team, asked.validated_data), cursor=cursor, size=size)
        tokens = relay.tokens_by_id(team.id, {call.token_id for call in page.results})
        numbers = marketplace.price_numbers({call.price_version_id for call in page.results})
        shown = page.map(lambda call: _shown_call(call, tokens, numbers))
        return Response(page_body(request, shown))


class CallView(PlatformView):
    @extend_schema(operation_id="usage_logs_retrieve", parameters=[TEAM], responses=CallSerializer)
    @team_required("logs.view", scope="read")
    def get(self, request: Request, team: TeamAccess, request_id: str) -> Response:
        """One call of the team: what it cost and why, and which credits paid for it."""
        call = explained_call(team.id, request_id)
        if call is None:
            raise NotFound("There is no such call.")
        return Response(CallSerializer(_explained(team, call)).data)


class MemberListView(PlatformView):
    @extend_schema(operation_id="team_members_list", responses=MemberPageSerializer)
    @own_team_required("team.view", scope="read")
    def get(self, request: Request, team: TeamAccess) -> Response:
        """Everybody in the team with the role there and the budget, the owner first."""
        budgets = team_services.budgets_now(team.id, at=clock.now())
        members = [_shown_member(member, budgets.member(member.user_id)) for member in teams.members_of(team.id)]
        return Response(page_body(request, Page(members)))


class MemberView(PlatformView):
    @extend_schema(operation_id="team_members_change", request=ChangedMemberSerializer, responses=MemberSerializer)
    @own_team_required("members.change", scope="read")
    @recent_sign_in_required
    def patch(self, request: Request, team: TeamAccess, member_id: str) -> Response:
        """Another role, from the next request on. Asks for a session with a recent sign-in."""
        wanted = ChangedMemberSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        member = _member(team, member_id)
        team_services.change_role(team, member.user_id, role=wanted.validated_data["role"], at=clock.now())
        return Response(MemberSerializer(_member(team, member_id)).data)

    @extend_schema(operation_id="team_members_remove", responses={204: None})
    @own_team_required("team.view", scope="read")
    @recent_sign_in_required
    def delete(self, request: Request, team: TeamAccess, member_id: str) -> Response:
        """Removes a member, or you leave by your own id. The API tokens that the member made there are disabled, the
        personal access tokens for the team end. Asks for a session with a recent sign-in."""
        member = _member(team, member_id)
        if member.user_id == team.user_id:
            departures.leave_team(team, at=clock.now())
        else:
            departures.remove_member(team, member.user_id, at=clock.now())
        return Response(status=204)


def _shown_member(member: Member, budget: LimitUse | None) -> dict[str, Any]:
    shown = LimitSerializer(budget).data if budget else None
    return {**MemberSerializer(member).data, "budget": shown}


def _member(team: TeamAccess, member_id: str) -> Member:
    found = teams.member_by_public_id(team.id, member_id)
    if found is None:
        raise MemberMissing
    return found


def _shown_wallet(team: TeamAccess) -> dict[str, Any]:
    balance, lots = wallet.balance_of(team.wallet_id), wallet.lots_of(team.wallet_id)
    rate = marketplace.credit_rate("USD", at=clock.now()).credits_per_unit
    shown: dict[str, Any] = WalletSerializer(
        {
            "team": team.public_id,
            "balance": balance.balance_nanos,
            "held": balance.held_nanos,
            "available": balance.available_nanos,
            "usd_equivalent": _in_dollars(balance.balance_nanos, rate),
            "arrears": wallet.arrears_of(team.wallet_id),
            "free_remaining": sum(lot.remaining_nanos for lot in lots if not lot.is_paid),
            "stop_when_free_is_used_up": wallet.is_free_only(team.wallet_id),
            "lots": lots,
        }
    ).data
    return shown


def _in_dollars(nanos: int, credits_per_dollar: Decimal) -> int:
    """For display: nanocredits to thousand-millionths of a dollar."""
    credits_, dollars = credits_per_dollar.as_integer_ratio()
    return round_half_up(nanos * dollars, credits_)


def _period(asked: dict[str, Any], *, at: datetime) -> Period:
    """This business month so far, unless other instants are named."""
    today = business_date(at)
    period = Period(asked.get("from", month_bounds(today)[0]), asked.get("to", day_bounds(today)[1]))
    if period.start >= period.end:
        raise Invalid("Write a `from` that lies before `to`.", field="from")
    return period


def _shown_movement(movement: Movement) -> dict[str, Any]:
    return {
        **asdict(movement),
        "id": public_id("tr", movement.id),
        "kind": movement.code,
        "request_id": movement.call_id and public_id("req", movement.call_id),
        "lot": movement.lot_id and public_id("lot", movement.lot_id),
        "corrects": movement.corrects_id and public_id("tr", movement.corrects_id),
    }


def _explained(team: TeamAccess, call: ExplainedCall) -> dict[str, Any]:
    detail, cost, entries = call.detail, call.cost, call.entries
    tokens = relay.tokens_by_id(team.id, [detail.logged.token_id])
    numbers = {} if call.price is None else {call.price.version_id: call.price.number}
    return {
        **_call_fields(detail.logged, tokens, numbers),
        "settled_at": detail.settled_at,
        "held": entries.held_nanos if entries else None,
        "quantities": detail.quantities,
        "access_group": detail.access_group,
        "lines": [line._asdict() for line in cost.lines] if cost else [],
        "multiplier": format(detail.multiplier.normalize(), "f"),
        "multiplier_cost": cost.multiplier_nanos if cost else 0,
        "uncharged": cost.uncharged_nanos if cost else 0,
        "drawn_from": [{**asdict(draw), "lot": public_id("lot", draw.lot_id)} for draw in call.draws],
        "refunds": entries.refunds if entries else [],
        "net": call.net_nanos,
    }


def _log_filters(team: TeamAccess, asked: dict[str, Any]) -> LogFilters:
    token_id = None
    if "token" in asked:
        token_id = relay.token_id_of(team.id, asked["token"])
        if token_id is None:
            raise TokenMissing
    return LogFilters(
        token_id=token_id,
        model_code=asked.get("model", ""),
        status=asked.get("status"),
        from_at=asked.get("from"),
        to_at=asked.get("to"),
    )


def _shown_call(call: LoggedCall, tokens: dict[int, Any], price_numbers: dict[int, int]) -> dict[str, Any]:
    return LoggedCallSerializer(_call_fields(call, tokens, price_numbers)).data


def _call_fields(call: LoggedCall, tokens: dict[int, Any], price_numbers: dict[int, int]) -> dict[str, Any]:
    token = tokens[call.token_id]
    return {
        **asdict(call),
        "request_id": call.request_id,
        "token": token.public_id,
        "token_name": token.name,
        "model": call.model_code,
        "cost": call.charge_nanos,
        "price_version": price_numbers.get(call.price_version_id),
    }
