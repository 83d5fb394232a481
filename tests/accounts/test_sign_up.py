import re

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.test import Client

from apps.accounts import queries as people
from apps.accounts import services as accounts
from apps.accounts.errors import EmailTaken
from apps.console import services
from apps.teams import queries as teams
from tests.cast import make_user

pytestmark = pytest.mark.django_db

NEW = {"email": "Grace@Example.com", "password1": "a long walk along the river"}


def test_signing_up_makes_a_person_with_a_personal_team_who_is_not_signed_in_yet(client):
    answer = client.post("/accounts/signup/", NEW)

    user = people.user_by_email("grace@example.com")
    assert user.email == "grace@example.com"
    assert [team.is_personal for team in teams.teams_of(user.pk)] == [True]
    assert answer["Location"] == "/accounts/confirm-email/"
    assert client.get("/console/")["Location"].startswith("/accounts/login/")


def test_the_mailed_code_confirms_the_address_and_opens_the_console(client):
    client.post("/accounts/signup/", NEW)
    code = re.search(r"^([A-Z0-9-]{6,})$", mail.outbox[-1].body, re.MULTILINE)[1]

    client.post("/accounts/confirm-email/", {"code": code})

    assert client.get("/console/").status_code == 200


def test_a_person_and_a_team_come_together_or_not_at_all():
    make_user("grace@example.com")

    with pytest.raises(EmailTaken):
        services.register_user(accounts.new_user("GRACE@example.com", password="a long walk"))

    assert people.user_by_email("grace@example.com") is not None


def test_a_reader_of_chinese_starts_in_chinese_and_yuan(client):
    client.post("/accounts/signup/", NEW, headers={"accept-language": "zh-CN"})

    user = people.user_by_email("grace@example.com")
    assert (user.language, user.display_unit) == ("zh-hans", "cny")
    assert "验证码" in mail.outbox[-1].body


def test_a_mail_server_that_is_away_does_not_lose_the_person(client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens there

    answer = client.post("/accounts/signup/", NEW, follow=True)

    assert "The mail could not be sent" in answer.content.decode()
    assert people.user_by_email("grace@example.com") is not None


def test_an_address_with_an_account_gets_the_same_answer_as_a_new_one(client):
    make_user("grace@example.com")

    answer = client.post("/accounts/signup/", NEW)

    assert answer["Location"] == "/accounts/confirm-email/"
    assert mail.outbox[-1].subject == "You have a Sluice account already"


class CountingHasher(MD5PasswordHasher):
    """Notes each password that is hashed for storing."""

    algorithm = "counting"
    hashed = 0

    def encode(self, password, salt):
        type(self).hashed += 1
        return super().encode(password, salt)


def test_an_address_with_an_account_costs_as_much_work_as_a_new_one(client, settings):
    make_user("known@example.com")
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    CountingHasher.hashed = 0

    client.post("/accounts/signup/", NEW | {"email": "known@example.com"})
    for_known = CountingHasher.hashed
    Client().post("/accounts/signup/", NEW)

    assert (for_known, CountingHasher.hashed - for_known) == (1, 1)
