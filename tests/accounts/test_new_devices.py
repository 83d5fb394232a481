"""The owner of an account hears of a sign-in from a device that was never seen, and not more often than that helps."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from apps.accounts import services as accounts
from apps.accounts.models import KnownDevice
from apps.accounts.services.devices import MOST_DEVICES
from apps.accounts.types import Visit
from apps.journal.models import OutboxMessage
from tests.cast import PASSWORD, make_user

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0"
VISIT = Visit(FIREFOX, "203.0.113.9")


def sign_in(client, person, **headers):
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD}, **headers)


def told():
    return list(OutboxMessage.objects.filter(kind="sign_in.new_device").order_by("pk"))


def note(person, secret, *, visit=VISIT, at=NOON):
    return accounts.note_sign_in(person.pk, secret=secret, visit=visit, at=at)


def test_nobody_is_told_of_the_first_device(client):
    sign_in(client, make_user())

    assert KnownDevice.objects.count() == 1
    assert told() == []


def test_the_owner_is_told_of_a_second_one_by_name_address_and_time(client):
    ada = make_user("ada@example.com")
    sign_in(client, ada)

    sign_in(Client(), ada, headers={"user-agent": FIREFOX}, REMOTE_ADDR="203.0.113.9")

    [message] = told()
    assert message.recipient == "ada@example.com"
    assert message.payload["device"] == "Firefox on Windows"
    assert message.payload["ip"] == "203.0.113.9"
    assert message.payload["path"] == "/console/security/sessions"


def test_a_device_is_known_by_its_cookie_whatever_its_address(client):
    ada = make_user()
    sign_in(client, ada, REMOTE_ADDR="203.0.113.9")
    client.post("/accounts/logout/")

    sign_in(client, ada, REMOTE_ADDR="198.51.100.7")

    assert KnownDevice.objects.count() == 1
    assert told() == []


def test_the_cookie_is_not_for_scripts_and_only_for_sign_in(client):
    sign_in(client, make_user())

    cookie = client.cookies["device"]
    assert (cookie["httponly"], cookie["path"], cookie["samesite"]) == (True, "/accounts/", "Lax")
    assert cookie.value not in str(KnownDevice.objects.values_list("secret_digest", flat=True))


def test_a_cookie_that_is_none_of_ours_is_replaced(client):
    client.cookies["device"] = "dev_" + "x" * 49

    sign_in(client, make_user())

    assert client.cookies["device"].value != "dev_" + "x" * 49


def test_one_device_of_two_people_is_new_to_each(client):
    first, second = make_user(), make_user()
    sign_in(client, first)
    client.post("/accounts/logout/")

    sign_in(client, second)

    assert KnownDevice.objects.count() == 2
    assert told() == []  # it is the first of the second person


def test_the_same_browser_at_the_same_address_is_told_once_a_day():
    ada = make_user()
    for minute in range(4):  # a private window forgets its cookie each time
        note(ada, accounts.device_secret(""), at=NOON + timedelta(minutes=minute))
    assert len(told()) == 1

    note(ada, accounts.device_secret(""), visit=Visit(FIREFOX, "198.51.100.7"))
    note(ada, accounts.device_secret(""), at=NOON + timedelta(days=1))

    assert len(told()) == 3


def test_it_cannot_be_switched_off():
    ada = make_user()
    ada.muted_kinds = ["sign_in.new_device"]
    ada.save()

    note(ada, accounts.device_secret(""))
    note(ada, accounts.device_secret(""))

    assert len(told()) == 1


def test_the_name_of_the_device_is_in_the_owners_language():
    ling = make_user()
    accounts.choose_language(ling, language="zh-hans")

    note(ling, accounts.device_secret(""))
    note(ling, accounts.device_secret(""))

    assert told()[0].payload["device"] == "Windows 上的 Firefox"


def test_a_script_that_throws_its_cookies_away_fills_no_table():
    ada = make_user()
    home = accounts.device_secret("")
    for n in range(MOST_DEVICES + 5):
        note(ada, accounts.device_secret(""), at=NOON + timedelta(seconds=n))
        note(ada, home, at=NOON + timedelta(seconds=n))

    assert KnownDevice.objects.count() == MOST_DEVICES
    assert note(ada, home) is False
