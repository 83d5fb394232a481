"""The end of an account: no way in is left, nothing says who it was, and the address may sign up again."""

from datetime import UTC, datetime

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import IntegrityError
from django.test import Client
from django.utils.translation import override

from apps.accounts import errors
from apps.accounts import services as accounts
from apps.accounts.models import User
from tests.cast import PASSWORD, make_user

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def close(user: User) -> None:
    accounts.close_user(user.pk, at=NOON)
    accounts.forget_addresses()


def test_nothing_that_opened_the_account_is_left(ada: User) -> None:
    Authenticator.objects.create(user=ada, type="totp", data={"secret": "x"})
    Authenticator.objects.create(user=ada, type="recovery_codes", data={"seed": "x"})

    accounts.close_user(ada.pk, at=NOON)

    assert not EmailAddress.objects.filter(user=ada).exists()
    assert not Authenticator.objects.filter(user=ada).exists()
    ada.refresh_from_db()
    assert (ada.is_active, ada.closed_at, ada.has_usable_password()) == (False, NOON, False)


def test_the_row_stays_and_says_nothing_of_the_person(ada: User) -> None:
    ada.name, ada.time_zone, ada.muted_kinds = "Ada Lovelace", "Europe/London", ["balance.low"]
    ada.save()

    close(ada)

    ada.refresh_from_db()
    assert (ada.email, ada.name, ada.time_zone, ada.muted_kinds) == (
        f"closed-account-{ada.pk}",
        "",
        "Asia/Shanghai",
        [],
    )
    assert (ada.get_full_name(), ada.get_short_name()) == ("Closed account", "Closed account")
    with override("zh-hans"):
        assert ada.get_full_name() == "已关闭的账户"


def test_a_session_that_was_open_is_over(ada: User, client: Client) -> None:
    client.force_login(ada)
    assert client.get("/console/settings").status_code == 200

    accounts.close_user(ada.pk, at=NOON)

    assert client.get("/console/settings").status_code == 302


def test_the_password_opens_nothing_any_more(ada: User, client: Client) -> None:
    accounts.close_user(ada.pk, at=NOON)

    client.post("/accounts/login/", {"login": "ada@example.com", "password": PASSWORD})

    assert "_auth_user_id" not in client.session


def test_the_same_address_signs_up_again_as_somebody_else(ada: User) -> None:
    close(ada)

    again = make_user("ada@example.com")

    assert again.pk != ada.pk
    close(again)
    assert User.objects.filter(email__startswith="closed-account-").count() == 2


def test_the_address_is_told_and_forgotten_afterwards_once(ada: User) -> None:
    assert accounts.close_user(ada.pk, at=NOON) == "ada@example.com"

    assert [accounts.forget_addresses(), accounts.forget_addresses()] == [1, 0]


def test_a_closed_account_is_closed_once_and_never_active_again(ada: User) -> None:
    accounts.close_user(ada.pk, at=NOON)

    with pytest.raises(errors.AccountClosed):
        accounts.close_user(ada.pk, at=NOON)
    with pytest.raises(IntegrityError, match="user_closed_is_not_active"):
        User.objects.filter(pk=ada.pk).update(is_active=True)


@pytest.mark.parametrize("right", ["is_staff", "is_superuser"])
def test_staff_do_not_leave_while_they_are_staff(ada: User, right: str) -> None:
    User.objects.filter(pk=ada.pk).update(**{right: True})

    with pytest.raises(errors.StaffCannotLeave):
        close(ada)

    ada.refresh_from_db()
    assert (ada.email, ada.is_active) == ("ada@example.com", True)
