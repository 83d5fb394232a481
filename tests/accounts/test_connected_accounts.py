"""Connecting accounts elsewhere to one's own, and removing them: always on purpose, never the last way in."""

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client

from apps.accounts import queries as people
from apps.accounts import services as accounts
from apps.accounts.errors import LastWayIn
from tests.cast import PASSWORD, make_user
from tests.staff import grow_old

pytestmark = pytest.mark.django_db

CONNECT = "/accounts/with/oidc/connect/"
PROVE = "/accounts/with/oidc/confirm/"


@pytest.fixture
def ada(client):
    """Signed in with her password, a moment ago."""
    person = make_user("ada@example.com")
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    return person


def page(client):
    return client.get("/accounts/connected/").content.decode()


def test_an_account_elsewhere_is_connected_on_purpose_and_its_owner_told(client, provider, come_by, ada):
    answer = come_by(CONNECT)

    assert answer["Location"] == "/accounts/connected/"
    assert "grace@example.com" in page(client)
    assert [identity.uid for identity in people.identities_of(ada.pk)] == ["grace-1"]
    assert mail.outbox[-1].subject == "single sign-on was connected to your Sluice account"

    other = Client()
    come_by(browser=other)
    assert other.get("/console/security").context["user"] == ada


def test_connecting_asks_for_a_recent_sign_in(client, provider, ada):
    grow_old(client)

    answer = client.post(CONNECT)

    assert answer["Location"].startswith("/accounts/reauthenticate/")


def test_what_opens_another_account_is_not_connected_here(client, provider, come_by, ada):
    come_by(browser=Client())  # Grace signs up with it

    come_by(CONNECT)

    assert not people.identities_of(ada.pk)
    assert "opens another Sluice account" in page(client)


def test_an_account_elsewhere_is_removed_after_a_question(client, provider, come_by, ada):
    come_by(CONNECT)
    [identity] = people.identities_of(ada.pk)
    address = f"/accounts/connected/{identity.pk}/remove/"

    assert "Remove single sign-on?" in client.get(address).content.decode()
    assert client.head(address).status_code == 200
    assert people.identities_of(ada.pk)
    client.post(address)

    assert not people.identities_of(ada.pk)
    assert mail.outbox[-1].subject == "single sign-on was removed from your Sluice account"


def test_nobody_removes_what_is_anothers(client, provider, come_by, ada):
    come_by(browser=Client())
    grace = people.user_by_email("grace@example.com")
    [identity] = people.identities_of(grace.pk)

    assert client.post(f"/accounts/connected/{identity.pk}/remove/").status_code == 404
    assert people.identities_of(grace.pk)


def test_the_last_way_in_stays(client, provider, come_by):
    come_by()
    grace = people.user_by_email("grace@example.com")
    [identity] = people.identities_of(grace.pk)

    answer = client.post(f"/accounts/connected/{identity.pk}/remove/")

    assert answer.status_code == 409
    assert "This is your only way to sign in" in answer.content.decode()
    assert people.identities_of(grace.pk)


def make_passkey(user, *, opens_alone=True):
    data = {"name": "Phone", "credential": {"clientExtensionResults": {"credProps": {"rk": opens_alone}}}}
    return Authenticator.objects.create(user=user, type="webauthn", data=data)


@pytest.mark.parametrize(("opens_alone", "goes"), [(True, True), (False, False)])
def test_a_passkey_that_opens_the_account_alone_is_another_way(client, provider, come_by, opens_alone, goes):
    come_by()
    grace = people.user_by_email("grace@example.com")
    make_passkey(grace, opens_alone=opens_alone)
    [identity] = people.identities_of(grace.pk)

    if goes:
        accounts.remove_identity(grace.pk, identity_id=identity.pk, providers=["oidc"])
    else:
        with pytest.raises(LastWayIn):
            accounts.remove_identity(grace.pk, identity_id=identity.pk, providers=["oidc"])

    assert bool(people.identities_of(grace.pk)) is not goes


def test_the_last_passkey_stays_too(client, provider, come_by):
    come_by()
    grace = people.user_by_email("grace@example.com")
    key = make_passkey(grace)

    with pytest.raises(LastWayIn):
        accounts.remove_passkey(grace.pk, passkey_id=key.pk, providers=[])  # sign-in elsewhere was switched off
    accounts.remove_passkey(grace.pk, passkey_id=key.pk, providers=["oidc"])

    assert not Authenticator.objects.exists()


def test_without_a_password_the_account_elsewhere_confirms_who_one_is(client, provider, come_by):
    come_by()
    grow_old(client)
    asked = client.get("/accounts/password/set/")
    assert asked["Location"] == "/accounts/confirm-with/?next=%2Faccounts%2Fpassword%2Fset%2F"
    assert "Confirm with single sign-on" in client.get(asked["Location"]).content.decode()

    come_by(PROVE)

    assert client.get("/accounts/password/set/").status_code == 200
    sent = [form for path, form in provider.received if path == "/token"]
    assert len(sent) == 2


def test_another_account_elsewhere_confirms_nothing(client, provider, come_by):
    come_by()
    grow_old(client)
    provider.claims["sub"] = "somebody-else"

    answer = come_by(PROVE)

    assert answer["Location"] == "/accounts/confirm-with/"
    assert client.get("/accounts/password/set/").status_code == 302


def test_the_provider_is_told_to_ask_again(client, provider, come_by):
    come_by()

    assert "prompt=login" in client.post(PROVE)["Location"]
    assert "prompt=" not in Client().post("/accounts/with/oidc/")["Location"]


def test_who_can_confirm_nothing_is_told_to_set_a_password(client, provider, come_by, settings):
    come_by()
    grow_old(client)
    settings.SOCIALACCOUNT_PROVIDERS = {}

    answer = client.get("/accounts/email/", follow=True)

    assert "Set a password by mail" in answer.content.decode()


def test_providers_that_are_not_set_up_are_nowhere(client, ada):
    assert "Continue with" not in Client().get("/accounts/login/").content.decode()
    assert "Connected accounts" not in client.get("/console/security").content.decode()
    assert client.post("/accounts/with/github/").status_code == 404
