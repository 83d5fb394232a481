"""The page behind an invitation's link: for the invited, for strangers, for those without an account yet."""

import re

import pytest
from django.core import mail
from django.test import Client

from apps.accounts.models import User
from apps.core import clock
from apps.core.secret_tokens import mint
from apps.teams import queries, services
from apps.teams.models import Membership
from apps.teams.types import TeamAccess
from tests.cast import PASSWORD, access_of, add_member, make_user
from tests.teams.letters import invited

pytestmark = pytest.mark.django_db

NEW = {"email": "grace@example.com", "password1": "a long walk along the river"}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def shown(client: Client, secret: str, *, status: int = 200) -> str:
    answer = client.get(f"/invitations/{secret}")
    assert answer.status_code == status
    return answer.content.decode()


def test_the_invited_read_what_they_would_be_and_join_by_a_form(team: TeamAccess) -> None:
    bob, secret = make_user("bob@example.com"), invited(team, "bob@example.com", "billing")
    browser = signed_in(bob)

    page = shown(browser, secret)
    assert not Membership.objects.filter(user=bob, team_id=team.id).exists()
    answer = browser.post(f"/invitations/{secret}/accept", follow=True)

    for fact in ("Join Acme", "ada@example.com invites you.", "Billing", "Open until"):
        assert fact in page
    assert "You are in Acme now. Your role: Billing." in answer.content.decode()
    assert access_of(bob, team).role == "billing"


def test_a_second_click_lands_in_the_team_too(team: TeamAccess) -> None:
    bob, secret = make_user("bob@example.com"), invited(team)
    browser = signed_in(bob)

    browser.post(f"/invitations/{secret}/accept")
    answer = browser.post(f"/invitations/{secret}/accept", follow=True)

    assert answer.redirect_chain[-1] == ("/console/team", 302)
    assert "You are in this team already." in shown(browser, secret)


def test_somebody_else_learns_team_and_inviter_and_may_switch_accounts(team: TeamAccess) -> None:
    secret, browser = invited(team), signed_in(make_user("eve@example.com"))

    page = shown(browser, secret)

    assert "ada@example.com invites b…@example.com to Acme. You are signed in as eve@example.com." in page
    assert "Switch account" in page
    for kept in ("bob@example.com", "Developer"):
        assert kept not in page


def test_somebody_else_who_posts_anyway_is_refused(team: TeamAccess) -> None:
    secret, eve = invited(team), make_user("eve@example.com")

    answer = signed_in(eve).post(f"/invitations/{secret}/accept", follow=True)

    assert "This invitation was sent to another address than yours." in answer.content.decode()
    assert not Membership.objects.filter(user=eve, team_id=team.id).exists()


def test_switching_the_account_comes_back_to_the_invitation(team: TeamAccess) -> None:
    make_user("bob@example.com")
    secret, browser = invited(team), signed_in(make_user("eve@example.com"))
    shown(browser, secret)

    out = browser.post("/accounts/logout/", {"next": f"/invitations/{secret}"})
    shown(browser, secret)
    back = browser.post("/accounts/login/", {"login": "bob@example.com", "password": PASSWORD})

    assert out["Location"] == f"/invitations/{secret}"
    assert back["Location"] == f"/invitations/{secret}"


def test_without_an_account_the_link_leads_through_sign_up_and_back(client: Client, team: TeamAccess) -> None:
    secret = invited(team, "grace@example.com")
    page = shown(client, secret)

    client.post("/accounts/signup/", NEW)
    code = re.search(r"^([A-Z0-9-]{6,})$", mail.outbox[-1].body, re.MULTILINE)[1]
    confirmed = client.post("/accounts/confirm-email/", {"code": code})
    answer = client.post(f"/invitations/{secret}/accept", follow=True)

    assert "ada@example.com invites g…@example.com." in page
    assert confirmed["Location"] == f"/invitations/{secret}"
    assert "You are in Acme now. Your role: Developer." in answer.content.decode()


def test_an_account_that_is_not_confirmed_joins_nothing(client: Client, team: TeamAccess) -> None:
    secret = invited(team, "grace@example.com")
    client.post("/accounts/signup/", NEW)

    answer = client.post(f"/invitations/{secret}/accept")

    assert answer["Location"].startswith("/accounts/login/")
    assert Membership.objects.filter(team_id=team.id).count() == 1


def test_the_invitation_is_forgotten_once_it_was_seen_by_somebody_signed_in(client: Client, team: TeamAccess) -> None:
    make_user("bob@example.com")
    secret = invited(team)
    shown(client, secret)
    client.post("/accounts/login/", {"login": "bob@example.com", "password": PASSWORD})

    shown(client, secret)

    assert "console.invitation" not in client.session


def test_opening_the_link_does_nothing_and_declining_needs_no_account(client: Client, team: TeamAccess) -> None:
    secret = invited(team)
    shown(client, secret)
    assert len(queries.invitations_of(team.id, at=clock.now())) == 1

    client.post(f"/invitations/{secret}/decline")

    assert queries.invitations_of(team.id, at=clock.now()) == []
    assert "No longer open" in shown(client, secret, status=410)


def test_a_withdrawn_invitation_says_whom_to_ask(client: Client, team: TeamAccess) -> None:
    secret = invited(team)
    (one,) = queries.invitations_of(team.id, at=clock.now())
    services.withdraw_invitation(team, one.public_id, at=clock.now())

    assert "Ask ada@example.com for a new one." in shown(client, secret, status=410)


def test_a_secret_of_nobody_is_not_found(client: Client) -> None:
    for noise in ("inv_x", mint("inv_"), "team_x"):
        for answer in (client.get(f"/invitations/{noise}"), client.post(f"/invitations/{noise}/decline")):
            assert answer.status_code == 404


def test_the_link_stays_out_of_caches_search_and_other_sites(client: Client, team: TeamAccess) -> None:
    answer = client.get(f"/invitations/{invited(team)}")

    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["X-Robots-Tag"] == "noindex"
    assert "no-store" in answer["Cache-Control"]


def test_a_member_by_another_way_keeps_the_role(team: TeamAccess) -> None:
    bob, secret = make_user("bob@example.com"), invited(team, role="viewer")
    add_member(team, "developer", user=bob)

    signed_in(bob).post(f"/invitations/{secret}/accept")

    assert access_of(bob, team).role == "developer"
