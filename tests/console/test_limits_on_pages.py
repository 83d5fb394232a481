"""Limits on pages: what is refilled when, and which of them are about to end."""

import pytest
import time_machine
from django.test import Client

from apps.core.ids import uuid7
from apps.core.money import NANOS_PER_CREDIT, nanos_from_text
from apps.relay import queries as relay
from apps.wallet import services as wallet
from apps.wallet.types import TASKS_OWNER, HoldRequest, LimitKind, SettleEntry
from tests.cast import add_member, make_token
from tests.console.test_token_pages import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, ada, team) -> Client:
    return signed_in(client, ada, team)


def spend(team, amount: str, *accounts: int) -> None:
    """A call of the team at this cost, counted on these limits."""
    call_id, nanos, all_of_them = uuid7(), nanos_from_text(amount), (*accounts, team.wallet_id)
    wallet.authorise(HoldRequest(call_id, all_of_them, nanos, tokens=1), owner_id=TASKS_OWNER)
    wallet.settle_hold(SettleEntry(call_id, all_of_them, nanos, tokens=1))


def test_a_token_is_made_with_a_limit_that_is_refilled(browser, team):
    browser.post("/console/tokens/new", {"name": "app", "limit": "10", "reset": "weekly", "models": ""})

    (row,) = relay.tokens_of(team.id)
    assert (row.token.reset, row.use.refill) == ("weekly", "weekly")
    assert row.use.remaining_nanos == 70 * NANOS_PER_CREDIT


def test_the_form_says_when_the_next_refill_is_and_in_which_zone(browser):
    page = browser.get("/console/tokens/new").content.decode()

    assert "every month, on the 1st (next on 1 " in page
    assert "At midnight in Shanghai." in page


def test_an_edit_changes_the_refill_and_the_page_shows_the_next_one(browser, team):
    token, _ = make_token(team, limit="5")
    page = f"/console/tokens/{token.public_id}"

    browser.post(page, {"name": "app", "limit": "0.71", "reset": "daily", "models": ""})

    token.refresh_from_db()
    assert (token.reset, token.limit_nanos) == ("daily", 5 * NANOS_PER_CREDIT)
    shown = browser.get(page).content.decode()
    assert "Next refill" in shown
    assert "Used since the last refill" in shown


@pytest.mark.parametrize(
    ("spent", "said"),
    [
        ("3.99", None),
        ("4", "80 % of the limit of app is used"),
        ("4.99", "99 % of the limit of app is used"),
        ("5", "The limit of app is used up"),
    ],
)
def test_home_and_token_pages_warn_from_80_percent_on(browser, team, spent, said):
    token, _ = make_token(team, limit="5")
    spend(team, spent, token.account_id)

    for page in ("/console/", "/console/tokens", f"/console/tokens/{token.public_id}"):
        shown = browser.get(page).content.decode()
        assert said in shown if said else 'class="notice' not in shown


def test_a_refill_is_named_where_a_limit_is_used_up(browser, team):
    token, _ = make_token(team, limit="5", reset="monthly")
    spend(team, "5", token.account_id)

    assert "until the limit is raised, or refilled on 1 " in browser.get("/console/").content.decode()


def test_a_budget_that_nobody_wrote_a_page_for_warns_on_home_by_its_label(browser, team):
    token, _ = make_token(team)
    budget = wallet.open_limit(team.wallet_id, kind=LimitKind.PROJECT, label="Shop", limit_nanos=10 * NANOS_PER_CREDIT)
    spend(team, "9", token.account_id, budget)

    assert "90 % of the budget of Shop is used" in browser.get("/console/").content.decode()


@pytest.mark.parametrize(("role", "may_look"), [("viewer", True), ("billing", False)])
def test_only_who_may_see_tokens_is_sent_to_them(client, team, role, may_look):
    token, _ = make_token(team, limit="5")
    spend(team, "5", token.account_id)

    shown = signed_in(client, add_member(team, role), team).get("/console/").content.decode()

    assert "The limit of app is used up" in shown
    assert ("View limits" in shown) is may_look


def test_a_disabled_token_warns_of_nothing(browser, team):
    token, _ = make_token(team, limit="5")
    spend(team, "5", token.account_id)
    browser.post(f"/console/tokens/{token.public_id}/disable")

    for page in ("/console/", "/console/tokens"):
        assert "is used up" not in browser.get(page).content.decode()


def test_the_fullest_three_are_shown(browser, team):
    for n, spent in enumerate(("0.81", "0.95", "0.9", "1")):
        token, _ = make_token(team, f"app-{n}", limit="1")
        spend(team, spent, token.account_id)

    shown = browser.get("/console/").content.decode()

    assert shown.index("The limit of app-3 is used up") < shown.index("95 % of the limit of app-1")
    assert "limit of app-0" not in shown
    assert "More limits are nearly used up" in shown


def test_a_limit_whose_period_has_ended_is_refilled_by_whoever_looks(browser, team, ledger_clock):
    token, _ = make_token(team, limit="5", reset="daily")
    spend(team, "5", token.account_id)
    assert relay.token_use(token).use.used_nanos == 5 * NANOS_PER_CREDIT

    with time_machine.travel(ledger_clock.forward(hours=25), tick=False):
        shown = browser.get("/console/tokens").content.decode()

    assert "is used up" not in shown
    assert relay.token_use(token).use.used_nanos == 0
