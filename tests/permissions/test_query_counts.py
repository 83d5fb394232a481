"""How many queries each list page asks, and that more rows ask no more: the budget stands in `query_counts.json`.

RECORD_QUERY_COUNTS=1 writes what was counted instead of comparing; the difference is then for the review.
"""

import json
import os
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import DataExport, User
from apps.core import clock
from apps.core.billing_calendar import day_start
from apps.core.ids import uuid7
from apps.journal import services as journal
from apps.journal.types import ApprovalRequest
from apps.marketplace import queries as marketplace_queries
from apps.marketplace import services as marketplace
from apps.promotions import services as promotions
from apps.promotions.models import Campaign
from apps.relay.models import ApiToken
from apps.teams import services as teams
from apps.teams.types import TeamAccess
from apps.wallet import services as wallet
from apps.wallet.models import TransferKind
from apps.wallet.types import House, Mandate, Posting
from tests.announcements.entries import publish
from tests.cast import add_member, grant, make_personal_token, make_team, make_token, make_user
from tests.catalogue import CATALOGUE, CHAT_TERMS, PER_TOKEN, model
from tests.marketplace.alerts import announced, wish
from tests.permissions.conftest import World
from tests.permissions.table import route_names
from tests.promotions.stage import approve, make_campaign, pay
from tests.teams.letters import invited
from tests.usage.calls import row, store, this_morning
from tests.verification.papers import apply as apply_for_verification

pytestmark = pytest.mark.django_db

BUDGET = Path(__file__).parent.parent / "query_counts.json"
IS_RECORDING = bool(os.environ.get("RECORD_QUERY_COUNTS"))

OF_A_TEAM = {
    "api_access_tokens": "/api/access-tokens",
    "api_announcements": "/api/announcements",
    "api_budgets": "/api/teams/{team}/budgets",
    "api_model_types": "/api/dict/model-types?team={team}",
    "api_pricing_templates": "/api/dict/pricing-templates",
    "api_models": "/api/models?team={team}",
    "api_price_changes": "/api/price-changes?team={team}",
    "api_pricing": "/api/pricing?team={team}",
    "api_referrals": "/api/referrals",
    "api_invitations": "/api/teams/{team}/invitations",
    "api_members": "/api/teams/{team}/members",
    "api_teams": "/api/teams",
    "api_tokens": "/api/tokens?team={team}",
    "api_usage_logs": "/api/usage/logs?team={team}",
    "api_wallet": "/api/wallet?team={team}",
    "api_wallet_statement": "/api/wallet/statement?team={team}",
    "console:access_tokens": "/console/settings/access-tokens",
    "console:announcements": "/announcements",
    "console:budgets": "/console/team/budgets",
    "console:export": "/console/settings/export",
    "console:home": "/console/",
    "console:limits": "/console/limits",
    "console:logs": "/console/logs",
    "console:campaigns": "/campaigns",
    "console:model": "/models/chat-small",
    "console:models": "/models",
    "console:model_comparison": "/models/compare?m=chat-small",
    "console:price_alerts": "/price-alerts",
    "console:team_price_alerts": "/console/team/price-alerts",
    "console:referrals": "/console/referrals",
    "console:sessions": "/console/security/sessions",
    "console:statement": "/console/statement",
    "console:team": "/console/team",
    "console:team_audit": "/console/team/audit",
    "console:tokens": "/console/tokens",
    "mfa_list_webauthn": "/accounts/passkeys/",
    "socialaccount_connections": "/accounts/connected/",
    "console:webhooks": "/console/team/webhooks",
}
OF_STAFF = {
    name: reverse(name, urlconf="config.urls") for name in sorted(route_names()) if name.endswith("_changelist")
}


def add_rows(world: World, times: int) -> None:
    """One more of everything that a list shows, so often."""
    for _ in range(times):
        n = ApiToken.objects.count()
        token, _ = make_token(world.team, f"token {n}")
        grant(world.team, "1")
        member = add_member(world.team, "developer")
        teams.set_member_budget(world.team, member.pk, limit_nanos=10**9, refill="monthly", at=clock.now())
        make_personal_token(world.team)
        make_token(make_team(f"Team {n}", owner=token.created_by), "app")
        call = row(
            this_morning() - timedelta(seconds=n),
            team_id=world.team.id,
            wallet_id=world.team.wallet_id,
            token_id=token.pk,
            ip="192.0.2.7",
        )
        store((call, "charged", 1_000))
        add_member(world.team, "viewer")
        invited(world.team, f"guest{n}@example.com")
        add_corrections(world.team.wallet_id)
        add_invitee(world.team.user_id)
        publish(f"row:{n}", at=clock.now())
        apply_for_verification(make_user())
        at = clock.now()
        add_price_alerts(world.team, model(f"row-{n}", PER_TOKEN))
        marketplace.publish_template(f"template-{n}", CHAT_TERMS, at=at)
        DataExport.objects.create(user_id=world.team.user_id, asked_at=at, due_at=at, given_up_at=at)


def add_invitee(inviter_id: int) -> None:
    """Somebody who came by the code, was verified, and paid: two rewards, one of them moved; a campaign of its own."""
    at, year = clock.now(), 1990 + Campaign.objects.count()
    User.objects.filter(pk=inviter_id).update(joined_at=at - timedelta(days=1))
    invitee = make_user()
    promotions.bind_invitee(invitee.pk, code=promotions.referral_code_of(inviter_id, at=at), at=at)
    approve(invitee, at=at)
    pay(invitee, "100", at=at)
    promotions.release_due_rewards(at=at)
    team = teams.personal_team_of(User.objects.get(pk=inviter_id))
    promotions.transfer_rewards(team, amount_nanos=10**9, key=str(uuid7()), at=at)
    starts_at, ends_at = (day_start(date(year, month, 1)) for month in (1, 2))
    make_campaign("registered", "self", amount_nanos=1, starts_at=starts_at, ends_at=ends_at)


def add_price_alerts(team: TeamAccess, entry: dict[str, Any]) -> None:
    """A model of its own with an announced price; its owner and the team's webhooks are to hear of it."""
    at, email = clock.now(), User.objects.get(pk=team.user_id).email
    marketplace.import_section({**CATALOGUE, "models": [entry]}, at=at)
    announced(entry["id"], at=at)
    wanted, sight = wish("model", entry["id"]), marketplace_queries.sight_of_team(team.id, at=at)
    marketplace.add_own_alert(wanted, user_id=team.user_id, email=email, sight=sight, at=at)
    marketplace.add_team_alert(wanted, team, at=at)


def add_corrections(wallet_id: int) -> None:
    """A fee that was refunded, a due, and a request that waits for a second person."""
    key, at = str(uuid7()), clock.now()
    fee = Posting(key, TransferKind.STORAGE_FEE, wallet_id, House.REVENUE, 2_000_000, wallet_id)
    wallet.refund_charge(wallet.post_transfer(fee), Mandate(f"{key} back", "", None), amount_nanos=1_000_000)
    due = Mandate(f"{key} due", "", None)
    wallet.open_due(wallet_id, due, amount_nanos=10**15, kind=TransferKind.STORAGE_FEE, since=at)
    asked = ApprovalRequest("credits.granted", "wallet", str(wallet_id), {"amount_nanos": 1, "key": key}, "why", 7)
    journal.request_approval(asked, at=at)


def queries_of(client: Client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(path).status_code == 200
    return len(asked)


def check(name: str, counted: int) -> None:
    budget = json.loads(BUDGET.read_text()) if BUDGET.exists() else {}
    if IS_RECORDING:
        BUDGET.write_text(json.dumps(budget | {name: counted}, indent=2, sort_keys=True) + "\n")
        return
    assert name in budget, f"{name} has no budget: it asks {counted} queries."
    assert counted <= budget[name], f"{name} asks {counted} queries, {budget[name]} are granted."


@pytest.mark.parametrize("name", OF_A_TEAM)
def test_a_page_of_a_team_keeps_its_budget_whatever_it_shows(world: World, name: str) -> None:
    client = world.client("owner")
    path = OF_A_TEAM[name].format(team=world.team.public_id)
    add_rows(world, 2)
    client.get(path)  # the first visit opens the visitor's own team
    few = queries_of(client, path)

    add_rows(world, 6)

    assert queries_of(client, path) == few
    check(name, few)


def test_pages_of_the_back_office_keep_their_budgets_whatever_they_show(world: World) -> None:
    staff = world.client("staff")
    staff.get("/admin/")  # the first visit notes the session
    add_rows(world, 2)
    few = {name: queries_of(staff, path) for name, path in OF_STAFF.items()}

    add_rows(world, 6)

    assert {name: queries_of(staff, path) for name, path in OF_STAFF.items()} == few
    for name, counted in few.items():
        check(name, counted)
