"""Sign-in, sign-up, reset and change of address answer alike, with like work, whether an address has an account."""

import re

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from tests.cast import PASSWORD, make_user

pytestmark = pytest.mark.django_db

KNOWN, UNKNOWN = "known@example.com", "nobody@example.com"
NEW_PASSWORD = "a long walk along the river"


class CountingHasher(MD5PasswordHasher):
    """Notes each time that it works."""

    algorithm = "counting"
    worked = 0

    def encode(self, password, salt):
        type(self).worked += 1
        return super().encode(password, salt)


@pytest.fixture
def hasher(settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    return CountingHasher


def asked(path, **fields):
    """What a stranger gets: status, target and text, without what is random in a form."""
    browser = Client(REMOTE_ADDR="192.0.2.1")
    answer = browser.post(path, fields)
    page = browser.get(answer["Location"]) if answer.status_code == 302 else answer
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page.content.decode())
    email = next(value for value in fields.values() if "@" in value)
    return answer.status_code, answer.headers.get("Location"), text.replace(email, "the address")


SIGN_IN = ("/accounts/login/", {"password": "wrong guess"}, "login")
SIGN_UP = ("/accounts/signup/", {"password1": NEW_PASSWORD}, "email")
RESET = ("/accounts/password/reset/", {}, "email")


@pytest.mark.parametrize(("path", "fields", "field"), [SIGN_IN, SIGN_UP, RESET], ids=["sign-in", "sign-up", "reset"])
def test_both_addresses_get_the_same_answer(path, fields, field):
    make_user(KNOWN)

    assert asked(path, **fields, **{field: KNOWN}) == asked(path, **fields, **{field: UNKNOWN})


@pytest.mark.parametrize(("path", "fields", "field"), [SIGN_UP, RESET], ids=["sign-up", "reset"])
def test_both_addresses_get_one_mail(path, fields, field):
    make_user(KNOWN)

    asked(path, **fields, **{field: KNOWN})
    asked(path, **fields, **{field: UNKNOWN})

    assert [message.to for message in mail.outbox] == [[KNOWN], [UNKNOWN]]


def work_of(hasher, path, fields, **who):
    hasher.worked = 0
    with CaptureQueriesContext(connection) as queries:
        Client().post(path, fields | who)
    return hasher.worked, len(queries)


def test_a_sign_in_is_as_much_work_for_everybody(hasher):
    make_user(KNOWN)
    make_user("elsewhere@example.com", password=None)  # has an account elsewhere and no password
    make_user("closed@example.com")
    User.objects.filter(email="closed@example.com").update(is_active=False)
    path, fields, field = SIGN_IN

    everybody = [KNOWN, UNKNOWN, "elsewhere@example.com", "closed@example.com"]
    work = {who: work_of(hasher, path, fields, **{field: who}) for who in everybody}

    assert len(set(work.values())) == 1, work


def test_a_sign_up_stores_as_much_for_an_address_that_has_an_account(hasher):
    make_user(KNOWN)
    path, fields, field = SIGN_UP

    hashed, queries = work_of(hasher, path, fields, **{field: KNOWN})
    hashed_for_new, queries_for_new = work_of(hasher, path, fields, **{field: UNKNOWN})

    assert hashed == hashed_for_new
    assert abs(queries - queries_for_new) < queries_for_new / 10
    assert User.objects.count() == 2  # the rehearsal leaves nothing


def test_changing_the_address_tells_nothing_about_others():
    make_user(KNOWN)
    ada = make_user("ada@example.com")
    answers = {}
    for email in (KNOWN, UNKNOWN):
        browser = Client()
        browser.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
        answer = browser.post("/accounts/email/", {"email": email})
        page = browser.get(answer["Location"]).content.decode()
        answers[email] = (answer["Location"], email in page, "code" in page)

    assert answers[KNOWN] == answers[UNKNOWN] == ("/accounts/confirm-email/", True, True)


def test_a_page_for_a_closed_account_is_shown_only_to_who_knows_its_password():
    person = make_user(KNOWN)
    User.objects.update(is_active=False)

    assert asked("/accounts/login/", login=KNOWN, password="wrong guess")[0] == 200
    assert asked("/accounts/login/", login=person.email, password=PASSWORD)[1] == "/accounts/inactive/"
