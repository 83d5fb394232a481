"""Signing up and in with an account elsewhere: the address counts only if its provider vouches for it."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.test import Client

from apps.accounts import queries as people
from apps.accounts.models import User
from apps.teams import queries as teams
from tests.cast import make_user

pytestmark = pytest.mark.django_db


def code_of_the_mail():
    return re.search(r"^([A-Z]{4}-[A-Z]{4})$", mail.outbox[-1].body, re.MULTILINE)[1]


def is_in(client):
    return client.get("/console/").status_code == 200


def test_somebody_new_whose_provider_vouches_for_the_address_is_in_at_once(client, provider, come_by):
    answer = come_by()

    grace = people.user_by_email("grace@example.com")
    assert answer["Location"] == "/console/"
    assert is_in(client)
    assert (grace.name, grace.has_usable_password()) == ("Grace Hopper", False)
    assert [team.is_personal for team in teams.teams_of(grace.pk)] == [True]
    assert EmailAddress.objects.get(user=grace).verified
    assert [identity.uid for identity in people.identities_of(grace.pk)] == ["grace-1"]


def test_whoever_comes_again_is_the_same_person(client, provider, come_by):
    come_by()
    provider.claims["email"] = "grace@elsewhere.example"

    come_by(browser=Client())

    assert User.objects.count() == 1
    assert people.user_by_email("grace@example.com") is not None


def test_the_way_back_leads_to_where_one_came_from_and_never_away_from_us(client, provider):
    left = client.post("/accounts/with/oidc/", {"next": "/console/logs"})
    state = re.search(r"state=(\w+)", left["Location"])[1]
    assert client.get(f"/accounts/with/oidc/callback/?code=c&state={state}")["Location"] == "/console/logs"

    other = Client()
    left = other.post("/accounts/with/oidc/", {"next": "https://evil.example/"})
    state = re.search(r"state=(\w+)", left["Location"])[1]
    assert other.get(f"/accounts/with/oidc/callback/?code=c&state={state}")["Location"] == "/console/"


@pytest.mark.parametrize("word", [False, "false", None, "", 0])
def test_an_address_that_nobody_vouches_for_needs_the_mailed_code(client, provider, come_by, word):
    provider.claims["email_verified"] = word

    answer = come_by()

    assert answer["Location"] == "/accounts/confirm-email/"
    assert not is_in(client)
    client.post("/accounts/confirm-email/", {"code": code_of_the_mail()})
    assert is_in(client)


def test_an_account_is_not_taken_over_by_an_address_that_nobody_vouches_for(client, provider, come_by):
    ada = make_user("ada@example.com")
    provider.claims |= {"sub": "mallory", "email": "ADA@example.com", "email_verified": False}

    answer = come_by()

    assert answer["Location"] == "/accounts/confirm-email/"  # as for an address that is new
    assert "your Sluice account" not in client.get(answer["Location"]).content.decode()
    assert not is_in(client)
    assert not people.identities_of(ada.pk)
    assert [m.to for m in mail.outbox] == [["ada@example.com"]]
    assert mail.outbox[0].subject == "You have a Sluice account already"


def test_not_even_an_address_that_is_vouched_for_opens_an_account_that_was_not_connected(client, provider, come_by):
    ada = make_user("ada@example.com")
    provider.claims |= {"sub": "ada-1", "email": "ada@example.com"}

    answer = come_by()

    assert answer["Location"] == "/accounts/login/"
    assert "connect single sign-on under Security" in client.get("/accounts/login/").content.decode()
    assert not is_in(client)
    assert not people.identities_of(ada.pk)


def test_who_signed_up_with_a_foreign_address_does_not_stay_when_its_owner_takes_the_account(client, provider, come_by):
    provider.claims |= {"sub": "mallory", "email": "ada@example.com", "email_verified": False}
    come_by()
    owner = Client()
    owner.post("/accounts/password/reset/", {"email": "ada@example.com"})
    link = re.search(r"(/accounts/password/reset/key/\S+)", mail.outbox[-1].body)[1]
    form = owner.get(link, follow=True).request["PATH_INFO"]

    owner.post(form, {"password1": "a long walk by the sea", "password2": "a long walk by the sea"})

    assert not SocialAccount.objects.exists()
    assert not is_in(client)


def test_an_account_that_is_switched_off_is_not_opened_from_elsewhere(client, provider, come_by):
    come_by()
    User.objects.update(is_active=False)

    other = Client()
    assert come_by(browser=other)["Location"] == "/accounts/inactive/"
    assert not is_in(other)


def test_a_second_factor_is_asked_for_after_an_account_elsewhere_too(client, provider, come_by):
    come_by()
    person = people.user_by_email("grace@example.com")
    person.authenticator_set.create(type="totp", data={"secret": ""})

    other = Client()
    assert come_by(browser=other)["Location"] == "/accounts/2fa/authenticate/"
    assert not is_in(other)


def test_little_of_what_a_provider_tells_is_kept(client, provider, come_by):
    provider.claims |= {"picture": "https://x.example/y.png", "birthdate": "1906-12-09", "phone_number": "555"}

    come_by()

    assert SocialAccount.objects.get().extra_data == {"email": "grace@example.com", "name": "Grace Hopper"}


def test_the_exchange_is_bound_to_the_browser_that_began_it(client, provider, come_by):
    left = client.post("/accounts/with/oidc/")
    state = re.search(r"state=(\w+)", left["Location"])[1]

    stolen = Client().get(f"/accounts/with/oidc/callback/?code=c&state={state}")

    assert stolen.status_code == 401
    assert not User.objects.exists()
    client.get(f"/accounts/with/oidc/callback/?code=c&state={state}")
    sent = next(form for path, form in provider.received if path == "/token")
    assert sent["code_verifier"]


def test_a_link_begins_no_sign_in(client, provider):
    assert client.get("/accounts/with/oidc/").status_code == 405
