"""Budgets in the console: what stands where, one form for each, and what a reader is told when one ends."""

import re

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.core import clock
from apps.core.money import NANOS_PER_CREDIT
from apps.teams import queries, services
from apps.teams.models import Membership
from apps.teams.types import TeamAccess
from apps.wallet import queries as wallet
from tests.cast import add_member, make_team, make_token, make_user
from tests.console.test_limits_on_pages import spend
from tests.staff import sign_in_again

pytestmark = pytest.mark.django_db

PAGE = "/console/team/budgets"


@pytest.fixture
def browser(client: Client, ada: User, team: TeamAccess) -> Client:
    """Ada, signed in a moment ago, who reads credits and looks at Acme."""
    User.objects.filter(pk=ada.pk).update(display_unit="credits")
    return signed_in(client, ada, team)


def signed_in(client: Client, person: User, team: TeamAccess) -> Client:
    client.force_login(person)
    sign_in_again(client, person)
    client.post("/console/payer", {"team": team.public_id})
    return client


@pytest.fixture
def bob(team: TeamAccess) -> User:
    bob = add_member(team, "developer", user=make_user("bob@example.com"))
    User.objects.filter(pk=bob.pk).update(name="Bob")
    return bob


def form_of(team: TeamAccess, person: User) -> str:
    return f"{PAGE}/{Membership.objects.get(team_id=team.id, user=person).public_id}"


def limit_of(team: TeamAccess, person: User) -> tuple[int | None, str]:
    account = queries.member_budget_accounts({(team.id, person.pk)})[team.id, person.pk]
    use = wallet.limit_use([account])[account]
    return use.limit_nanos, use.refill


def text_of(answer: object) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())  # type: ignore[attr-defined]


def test_without_budgets_the_page_says_so_and_offers_them(browser: Client, bob: User) -> None:
    shown = text_of(browser.get(PAGE))

    assert shown.count("No budget") == 3
    assert "calls may spend the whole balance of the team" in shown
    assert "Set team budget" in shown


def test_a_members_budget_is_set_changed_and_lifted_by_its_form(browser: Client, team: TeamAccess, bob: User) -> None:
    page = form_of(team, bob)

    saved = browser.post(page, {"limit": "10.50", "refill": "monthly"}, follow=True)
    assert "The budget of Bob is saved." in text_of(saved)
    assert limit_of(team, bob) == (10_500_000_000, "monthly")

    shown = text_of(browser.get(page))
    assert 'value="10.50"' in shown
    assert '<option value="monthly" selected>' in shown

    lifted = browser.post(page, {"limit": "", "refill": "monthly"}, follow=True)
    assert "Bob has no budget now." in text_of(lifted)
    assert limit_of(team, bob) == (None, "")


def test_the_team_budget_is_set_by_its_own_form(browser: Client, team: TeamAccess) -> None:
    saved = browser.post(f"{PAGE}/team", {"limit": "20", "refill": ""}, follow=True)

    assert "The team budget is saved." in text_of(saved)
    found = services.budgets_now(team.id, at=clock.now()).team
    assert found is not None
    assert (found.limit_nanos, found.refill) == (20 * NANOS_PER_CREDIT, "")


def test_a_budget_below_what_is_used_says_that_calls_stop(browser: Client, team: TeamAccess, bob: User) -> None:
    services.set_member_budget(team, bob.pk, limit_nanos=9 * NANOS_PER_CREDIT, refill="", at=clock.now())
    spend(team, "5", queries.member_budget_accounts({(team.id, bob.pk)})[team.id, bob.pk])

    saved = browser.post(form_of(team, bob), {"limit": "5", "refill": ""}, follow=True)

    assert "It is used up already" in text_of(saved)
    assert "100 % used" in text_of(saved)


@pytest.mark.parametrize("limit", ["-1", "ten", "1,5", "1e3", "9999999999"])
def test_what_is_no_amount_is_refused_at_the_field(browser: Client, team: TeamAccess, bob: User, limit: str) -> None:
    answer = browser.post(form_of(team, bob), {"limit": limit, "refill": ""})

    assert "Write an amount such as 10 or 10.50, or nothing." in text_of(answer)
    assert queries.member_budget_accounts({(team.id, bob.pk)}) == {}


def test_a_budget_that_only_looks_rounded_stays_as_it_is(browser: Client, team: TeamAccess, bob: User) -> None:
    services.set_member_budget(team, bob.pk, limit_nanos=10_123_456_789, refill="", at=clock.now())

    browser.post(form_of(team, bob), {"limit": "10.12", "refill": "daily"})

    assert limit_of(team, bob) == (10_123_456_789, "daily")


def test_the_page_shows_what_is_used_of_each_budget(browser: Client, team: TeamAccess, bob: User) -> None:
    services.set_member_budget(team, bob.pk, limit_nanos=10 * NANOS_PER_CREDIT, refill="monthly", at=clock.now())
    spend(team, "4", queries.member_budget_accounts({(team.id, bob.pk)})[team.id, bob.pk])

    shown = text_of(browser.get(PAGE))

    assert "4.00 credits" in shown
    assert "4.00 credits of 10.00 credits" in shown
    assert "6.00 credits" in shown


def test_home_warns_of_budgets_and_leads_to_them(browser: Client, team: TeamAccess, bob: User) -> None:
    services.set_member_budget(team, bob.pk, limit_nanos=10 * NANOS_PER_CREDIT, refill="", at=clock.now())
    services.set_team_budget(team, limit_nanos=20 * NANOS_PER_CREDIT, refill="", at=clock.now())
    account = queries.team_budget_account(team.id)
    assert account is not None
    spend(team, "8", queries.member_budget_accounts({(team.id, bob.pk)})[team.id, bob.pk])
    spend(team, "20", account)

    shown = text_of(browser.get("/console/"))

    assert "The team budget is used up" in shown
    assert "80 % of the budget of bob@example.com is used" in shown
    assert f'href="{PAGE}"' in shown


def test_a_viewer_sees_budgets_and_no_way_to_change_them(client: Client, team: TeamAccess, bob: User) -> None:
    viewer = signed_in(client, add_member(team, "viewer"), team)

    shown = text_of(viewer.get(PAGE))

    assert "Bob" in shown
    assert "Set team budget" not in shown
    assert viewer.get(form_of(team, bob)).status_code == 403


def test_a_form_asks_for_a_recent_sign_in(client: Client, ada: User, team: TeamAccess, bob: User) -> None:
    client.force_login(ada)
    client.post("/console/payer", {"team": team.public_id})

    answer = client.post(form_of(team, bob), {"limit": "1", "refill": ""})

    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert queries.member_budget_accounts({(team.id, bob.pk)}) == {}


def test_the_form_of_a_member_of_another_team_is_not_there(browser: Client) -> None:
    other = make_team("Globex")

    assert browser.get(form_of(other, User.objects.get(pk=other.user_id))).status_code == 404
    assert browser.get(f"{PAGE}/mem_nobody").status_code == 404


def test_tokens_say_who_made_them(browser: Client, team: TeamAccess, ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(name="Ada Lovelace")
    token, _ = make_token(team, "app")

    assert "Ada Lovelace" in text_of(browser.get("/console/tokens"))
    assert "by Ada Lovelace" in text_of(browser.get(f"/console/tokens/{token.public_id}"))
