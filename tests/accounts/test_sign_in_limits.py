"""Guessing ends: by account and by the caller's true address, counted in PostgreSQL. Nothing that a caller writes into
a header changes whose guesses are counted, and nobody's mailbox is flooded by others.
"""

import re

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client

from tests.cast import PASSWORD, make_user

pytestmark = pytest.mark.django_db

HERE, THERE = "203.0.113.9", "198.51.100.7"
TOO_MANY = "Too many attempts"


@pytest.fixture(autouse=True)
def _nothing_counted_yet():
    cache.clear()


def guess(email, password="wrong guess", *, address=HERE, **extra):
    answer = Client().post("/accounts/login/", {"login": email, "password": password}, REMOTE_ADDR=address, **extra)
    return answer.headers.get("Location") or answer.content.decode()


def statuses(path, fields, *, times, address=HERE, **extra):
    return [Client().post(path, fields, REMOTE_ADDR=address, **extra).status_code for _ in range(times)]


def test_one_account_stands_five_guesses_wherever_they_come_from():
    ada = make_user("ada@example.com")
    for n in range(5):
        guess(ada.email, address=f"192.0.2.{n}")

    assert TOO_MANY in guess("ADA@example.com ", PASSWORD, address=THERE)
    assert guess(make_user().email, PASSWORD, address=THERE) == "/console/"


def test_a_lock_out_is_the_same_for_an_address_without_an_account():
    for n in range(5):
        guess("nobody@example.com", address=f"192.0.2.{n}")

    assert TOO_MANY in guess("nobody@example.com", address=THERE)


def test_one_address_stands_ten_guesses_whatever_the_accounts():
    for n in range(10):
        guess(f"person{n}@example.com")

    assert TOO_MANY in guess(make_user().email, PASSWORD)
    assert guess(make_user().email, PASSWORD, address=THERE) == "/console/"


def test_a_forged_header_is_no_other_address(settings):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    for n in range(10):
        guess(f"person{n}@example.com", HTTP_X_FORWARDED_FOR=f"192.0.2.{n}")  # straight from HERE, which is no proxy

    assert TOO_MANY in guess(make_user().email, PASSWORD, HTTP_X_FORWARDED_FOR="192.0.2.200")


def test_behind_a_proxy_of_ours_callers_are_told_apart_by_what_it_saw(settings):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    for n in range(10):
        forged_and_seen = f"192.0.2.{n}, {HERE}"
        guess(f"person{n}@example.com", address="10.0.0.1", HTTP_X_FORWARDED_FOR=forged_and_seen)

    ada = make_user()
    assert TOO_MANY in guess(ada.email, PASSWORD, address="10.0.0.1", HTTP_X_FORWARDED_FOR=f"192.0.2.99, {HERE}")
    assert guess(ada.email, PASSWORD, address="10.0.0.1", HTTP_X_FORWARDED_FOR=THERE) == "/console/"


def test_one_network_of_version_six_is_one_caller():
    for n in range(10):
        guess(f"person{n}@example.com", address=f"2001:db8:1:1::{n:x}")

    assert TOO_MANY in guess(make_user().email, PASSWORD, address="2001:db8:1:1:ffff::1")


def test_another_name_of_ours_is_not_another_account(settings):
    settings.ALLOWED_HOSTS = ["testserver", ".sluice.example"]
    ada = make_user()
    for n in range(5):
        guess(ada.email, address=f"192.0.2.{n}", HTTP_HOST=f"a{n}.sluice.example")

    assert TOO_MANY in guess(ada.email, PASSWORD, address=THERE, HTTP_HOST="b.sluice.example")


def test_guesses_are_counted_in_the_database():
    guess("ada@example.com")

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cache_entry WHERE cache_key LIKE '%login_failed%'")
        assert cursor.fetchone() == (2,)  # by account and by address


def test_the_right_password_counts_as_no_guess():
    ada = make_user()
    for _ in range(6):
        assert guess(ada.email, PASSWORD) == "/console/"


def test_one_address_signs_up_twenty_times_a_minute():
    new = {"email": "not an address", "password1": "a long walk along the river"}

    assert statuses("/accounts/signup/", new, times=21)[-2:] == [200, 429]
    assert statuses("/accounts/signup/", new, times=1, address=THERE) == [200]


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
def test_three_reset_mails_a_minute_go_to_one_address_whoever_asks(email):
    make_user("ada@example.com")

    asked = [statuses("/accounts/password/reset/", {"email": email}, times=1, address=f"192.0.2.{n}") for n in range(4)]

    assert asked == [[302], [302], [302], [429]]
    assert len(mail.outbox) == 3


def test_one_address_asks_for_twenty_resets_a_minute():
    answers = [
        statuses("/accounts/password/reset/", {"email": f"person{n}@example.com"}, times=1)[0] for n in range(21)
    ]

    assert answers == [302] * 20 + [429]


def new_person(browser, email="grace@example.com"):
    """Signed up, and at the page that asks for the mailed code; returns the code."""
    browser.post("/accounts/signup/", {"email": email, "password1": "a long walk along the river"})
    return re.search(r"^([A-Z]{4}-[A-Z]{4})$", mail.outbox[-1].body, re.MULTILINE)[1]


def test_a_mailed_code_stands_three_guesses(client):
    code = new_person(client)
    for _ in range(3):
        client.post("/accounts/confirm-email/", {"code": "BBBB-BBBB"})

    client.post("/accounts/confirm-email/", {"code": code})

    assert client.get("/console/").status_code == 302


def test_guesses_made_at_once_are_counted_too(client):
    new_person(client)
    session = dict(client.session)  # what each of many parallel requests has read
    answers = []
    for _ in range(11):
        kept = client.session
        kept.update(session)
        kept.save()
        answers.append(client.post("/accounts/confirm-email/", {"code": "BBBB-BBBB"}).status_code)

    assert answers == [200] * 10 + [429]


def test_a_code_is_mailed_again_after_ten_seconds_only(client):
    new_person(client)

    assert client.post("/accounts/confirm-email/", {"action": "resend"}).status_code in {302, 429}

    assert len(mail.outbox) == 1


@pytest.fixture
def grace(client):
    """Has an authenticator app and has given the password."""
    person = make_user("grace@example.com")
    TOTP.activate(person, generate_totp_secret())
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})


def test_the_code_of_a_second_factor_stands_five_guesses(client, grace):
    answers = [client.post("/accounts/2fa/authenticate/", {"code": "000000"}).content.decode() for _ in range(6)]

    assert [TOO_MANY in answer for answer in answers] == [False] * 5 + [True]


def test_signing_in_anew_grants_no_new_guesses_of_the_second_factor(client, grace):
    for n in range(5):
        browser = Client(REMOTE_ADDR=f"192.0.2.{n}")
        browser.post("/accounts/login/", {"login": "grace@example.com", "password": PASSWORD})
        browser.post("/accounts/2fa/authenticate/", {"code": "000000"})

    answer = client.post("/accounts/2fa/authenticate/", {"code": "000000"}, REMOTE_ADDR=THERE)

    assert TOO_MANY in answer.content.decode()


def test_confirming_who_one_is_has_its_limit_too(client):
    ada = make_user()
    client.force_login(ada)

    answers = [client.post("/accounts/reauthenticate/", {"password": "wrong guess"}) for _ in range(6)]

    assert TOO_MANY in answers[-1].content.decode()


def test_passkeys_of_one_address_are_tried_ten_times_a_minute():
    form = {"credential": "{}"}

    assert statuses("/accounts/passkeys/login/", form, times=11) == [302] * 10 + [429]
