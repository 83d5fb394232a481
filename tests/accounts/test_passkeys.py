"""What a browser says about a passkey is not believed: nonsense is refused like a wrong code, and opens nothing."""

import json

import pytest
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.cache import cache
from django.test import Client
from fido2.utils import websafe_encode

from apps.accounts.models import User
from tests.cast import PASSWORD, make_user
from tests.doubles.passkey import Device
from tests.staff import grow_old

pytestmark = pytest.mark.django_db

B64 = "AAAA"
CLIENT_DATA = {"challenge": B64, "origin": "https://x"}


def credential(**response):
    return json.dumps({"id": B64, "rawId": B64, "type": "public-key", "response": response})


def client_data(kind):
    return websafe_encode(json.dumps(CLIENT_DATA | {"type": kind}).encode())


NONSENSE = [
    "",
    "null",
    "7",
    "0",
    "false",
    '"text"',
    "[]",
    "[1]",
    "{}",
    "not json",
    pytest.param("9" * 5000, id="endless digits"),
    pytest.param("[" * 200_000, id="endless brackets"),
    '{"id": 1}',
    '{"id": "x", "rawId": "x", "type": "public-key", "response": null}',
    '{"id": "x", "rawId": "x", "type": "public-key", "response": []}',
    credential(),
    credential(clientDataJSON=B64, attestationObject=B64, authenticatorData=B64, signature=B64),
    credential(clientDataJSON="e30", authenticatorData=B64 * 13, signature=B64, userHandle="!!"),
    credential(
        clientDataJSON=client_data("webauthn.get"), authenticatorData="A" * 50, signature=B64, userHandle="AAECAwQF"
    ),
    credential(
        clientDataJSON=client_data("webauthn.create"), attestationObject="o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YUEA"
    ),
]


@pytest.fixture(autouse=True)
def _nothing_counted_yet():
    cache.clear()


def sign_in(client, person):
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})


@pytest.mark.parametrize("credential", NONSENSE)
def test_nonsense_adds_no_passkey(client, credential):
    ada = make_user()
    sign_in(client, ada)
    client.get("/accounts/passkeys/add/")

    answer = client.post("/accounts/passkeys/add/", {"name": "x", "credential": credential})

    assert answer.status_code == 200
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize("credential", NONSENSE)
def test_nonsense_signs_nobody_in(client, credential):
    make_user()
    client.get("/accounts/passkeys/login/", headers={"accept": "application/json"})

    answer = client.post("/accounts/passkeys/login/", {"credential": credential})

    assert answer["Location"] == "/accounts/login/"
    assert client.get("/console/").status_code == 302


@pytest.mark.parametrize("credential", NONSENSE)
def test_nonsense_is_no_second_factor_and_confirms_nobody(browser, ada, credential):
    add(browser, Device())
    client = fresh()
    sign_in(client, ada)
    client.get("/accounts/2fa/authenticate/")
    browser.get("/accounts/passkeys/confirm/")

    assert client.post("/accounts/2fa/authenticate/", {"credential": credential}).status_code == 200
    assert client.get("/console/").status_code == 302
    answer = browser.post("/accounts/passkeys/confirm/", {"credential": credential})
    assert answer["Location"] == "/accounts/passkeys/confirm/"


def fresh():
    return Client(SERVER_NAME="localhost")


@pytest.fixture
def ada(settings):
    settings.ALLOWED_HOSTS = ["localhost", "testserver"]
    return make_user("ada@example.com")


@pytest.fixture
def browser(ada):
    """Ada's, signed in with her password a moment ago."""
    client = fresh()
    sign_in(client, ada)
    return client


def add(client, device, *, alone=True):
    options = client.get("/accounts/passkeys/add/").context["js_data"]["creation_options"]
    credential = device.make(json.loads(json.dumps(options, default=str)), alone=alone)
    return client.post("/accounts/passkeys/add/", {"name": "Phone", "credential": credential})


def asked(client):
    answer = client.get("/accounts/passkeys/login/", headers={"accept": "application/json"})
    return answer.json()["request_options"]


def show(client, credential):
    client.post("/accounts/passkeys/login/", {"credential": credential})
    return client.get("/console/").status_code == 200


def test_a_passkey_opens_the_account_and_its_owner_hears_that_it_was_added(browser, ada):
    device = Device()
    assert add(browser, device)["Location"] == "/accounts/2fa/recovery-codes/"
    assert mail.outbox[-1].subject == "A passkey was added to your Sluice account"
    client = fresh()

    assert show(client, device.show(asked(client)))
    assert client.get("/console/security").context["user"] == ada


def test_what_was_said_once_opens_nothing_twice(browser):
    device = Device()
    add(browser, device)
    client = fresh()
    said = device.show(asked(client))
    assert show(client, said)
    client.post("/accounts/logout/")

    assert not show(client, said)
    assert not show(fresh(), said)


def test_a_passkey_says_nothing_about_another_person(browser):
    add(browser, Device())
    mallory = make_user("mallory@example.com")
    hers, device = fresh(), Device()
    sign_in(hers, mallory)
    add(hers, device)
    client = fresh()

    assert not show(client, device.show(asked(client), owner=handle_of("ada@example.com")))


def handle_of(email):
    return websafe_encode(user_pk_to_url_str(User.objects.get(email=email)).encode())


def test_a_passkey_shown_to_another_site_opens_nothing_here(browser):
    device = Device()
    add(browser, device)
    client = fresh()
    device.origin, device.host = "https://evil.example", "evil.example"

    assert not show(client, device.show(asked(client)))


def test_a_passkey_made_for_another_site_is_not_added(browser, ada):
    add(browser, Device(origin="https://evil.example", host="evil.example"))

    assert not Authenticator.objects.filter(user=ada).exists()


def test_an_account_that_is_switched_off_is_not_opened_by_a_passkey(browser):
    device = Device()
    add(browser, device)
    User.objects.update(is_active=False)
    client = fresh()

    assert not show(client, device.show(asked(client)))


def test_a_passkey_confirms_who_one_is(browser, ada):
    device = Device()
    add(browser, device)
    grow_old(browser)
    assert browser.get("/accounts/email/").status_code == 302
    options = browser.get("/accounts/passkeys/confirm/").context["js_data"]["request_options"]

    browser.post(
        "/accounts/passkeys/confirm/", {"credential": device.show(json.loads(json.dumps(options, default=str)))}
    )

    assert browser.get("/accounts/email/").status_code == 200


@pytest.mark.parametrize("act", ["edit", "remove"])
def test_nobody_touches_anothers_passkey(browser, ada, act):
    add(browser, Device())
    key = Authenticator.objects.get(user=ada, type="webauthn")
    other = fresh()
    sign_in(other, make_user())

    assert other.post(f"/accounts/passkeys/{key.pk}/{act}/", {"name": "Mine"}).status_code == 404
    assert Authenticator.objects.filter(pk=key.pk, data__name="Phone").exists()


def test_recovery_codes_go_with_the_last_second_factor(browser, ada):
    add(browser, Device())
    key = Authenticator.objects.get(user=ada, type="webauthn")

    browser.head(f"/accounts/passkeys/{key.pk}/remove/")
    assert Authenticator.objects.filter(pk=key.pk).exists()
    browser.post(f"/accounts/passkeys/{key.pk}/remove/")

    assert not Authenticator.objects.filter(user=ada).exists()
    assert mail.outbox[-1].subject == "A passkey was removed from your Sluice account"
