"""Every page of the back office opens, and history has no way to be edited."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.test import Client

from apps.accounts.models import User
from apps.core.admin import ReadOnlyAdmin
from apps.teams.types import TeamAccess
from tests.staff import sign_in_staff

pytestmark = pytest.mark.django_db

MODELS = sorted((model._meta.app_label, model._meta.model_name or "") for model in admin.site._registry)
HISTORY = {
    ("wallet", "account"),
    ("wallet", "transfer"),
    ("wallet", "lot"),
    ("wallet", "hold"),
    ("usage", "usagerecord"),
    ("journal", "auditentry"),
}


@pytest.mark.parametrize(("app", "model"), MODELS)
def test_a_list_opens_and_searches(client: Client, team: TeamAccess, app: str, model: str) -> None:
    sign_in_staff(client)

    assert client.get(f"/admin/{app}/{model}/").status_code == 200
    assert client.get(f"/admin/{app}/{model}/?q=1").status_code == 200


@pytest.mark.parametrize(("app", "model"), sorted(HISTORY))
def test_history_cannot_be_added_to_by_hand(client: Client, app: str, model: str) -> None:
    sign_in_staff(client)

    assert client.get(f"/admin/{app}/{model}/add/").status_code == 403


def test_history_is_read_only_by_its_base() -> None:
    read_only = {
        (model._meta.app_label, model._meta.model_name)
        for model, page in admin.site._registry.items()
        if isinstance(page, ReadOnlyAdmin)
    }

    assert read_only >= HISTORY


def test_staff_without_a_second_factor_are_sent_to_set_one_up(client: Client) -> None:
    sign_in_staff(client)
    Authenticator.objects.all().delete()

    answer = client.get("/admin/", follow=True)

    assert answer.request["PATH_INFO"].startswith("/console/security")


def test_people_who_are_not_staff_do_not_get_in(client: Client) -> None:
    sign_in_staff(client)
    User.objects.update(is_staff=False)

    assert client.get("/admin/", follow=True).status_code in {403, 404}


def test_the_rows_that_are_secrets_have_no_page(client: Client) -> None:
    sign_in_staff(client)

    assert client.get("/admin/mfa/authenticator/").status_code == 404
    assert client.get("/admin/account/emailaddress/").status_code == 404
