import pytest
from django.test import Client

from apps.console.demo import STAFF_EMAIL
from tests.cast import PASSWORD, make_user
from tests.staff import sign_in_staff

pytestmark = pytest.mark.django_db

MISMATCH = "E-mail and password do not match"


def attempt(client: Client, email: str, password: str) -> str:
    answer = client.post("/accounts/login/", {"login": email, "password": password})
    return answer.headers.get("Location", answer.content.decode())


def test_signing_in_opens_the_console_and_goes_back_to_where_one_came_from(client):
    make_user("ada@example.com")

    answer = client.post(
        "/accounts/login/?next=/console/logs",
        {"login": "ADA@example.com", "password": PASSWORD, "next": "/console/logs"},
    )

    assert answer["Location"] == "/console/logs"


def test_an_unknown_address_and_a_wrong_password_are_told_apart_by_nobody(client):
    make_user("ada@example.com")

    assert MISMATCH in attempt(client, "ada@example.com", "wrong guess")
    assert MISMATCH in attempt(client, "nobody@example.com", "wrong guess")


def test_guessing_ends_after_five_attempts_while_redis_is_away(client):
    make_user("ada@example.com")
    for _ in range(5):
        assert MISMATCH in attempt(client, "ada@example.com", "wrong guess")

    assert "Too many attempts" in attempt(client, "ada@example.com", PASSWORD)
    assert attempt(client, make_user().email, PASSWORD) == "/console/"


def test_a_page_elsewhere_is_no_place_to_go_back_to(client):
    make_user("ada@example.com")

    answer = client.post(
        "/accounts/login/", {"login": "ada@example.com", "password": PASSWORD, "next": "https://evil.example/"}
    )

    assert answer["Location"] == "/console/"


def test_staff_enter_the_back_office_only_with_a_second_factor(client):
    client.force_login(make_user(is_staff=True))
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == "/console/security"

    assert sign_in_staff(Client()).get("/admin/").status_code == 200


def test_only_the_demos_staff_and_only_while_developing_may_do_without(client, settings):
    client.force_login(make_user(STAFF_EMAIL, is_staff=True))
    settings.DEBUG = False
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == "/console/security"

    settings.DEBUG = True
    assert client.get("/admin/").status_code == 200


def test_the_back_office_has_no_sign_in_of_its_own(client):
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/?next=")


def test_a_customer_is_refused_the_back_office(client):
    client.force_login(make_user())

    assert client.get("/admin/", follow=True).status_code == 403
