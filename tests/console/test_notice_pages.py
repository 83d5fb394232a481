"""People choose which mails they get, on a page or by the link that an optional mail carries."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.console.mail.notice_kinds import KINDS
from apps.console.mail.unsubscribing import unsubscribe_url
from tests.cast import make_user

pytestmark = pytest.mark.django_db
PAGE = "/console/settings/notifications"
OPTIONAL = [kind.code for kind in KINDS.values() if kind.is_optional]


@pytest.fixture
def ada() -> User:
    return make_user("ada@example.com")


def path_of(user: User, kind: str) -> str:
    return unsubscribe_url(user.pk, kind).removeprefix("http://127.0.0.1:8000")


def muted(user: User) -> list[str]:
    user.refresh_from_db()
    return user.muted_kinds


def test_what_is_not_ticked_is_muted(client: Client, ada: User) -> None:
    client.force_login(ada)

    response = client.post(PAGE, {"wanted": [code for code in OPTIONAL if code != "balance.low"]})

    assert response.status_code == 302
    assert muted(ada) == ["balance.low"]
    page = client.get(PAGE).content.decode()
    assert 'value="budget.50" checked' in page
    assert 'value="balance.low" checked' not in page
    assert "ada@example.com" in page


def test_what_must_be_sent_cannot_be_muted(client: Client, ada: User) -> None:
    client.force_login(ada)

    client.post(PAGE, {"wanted": []})

    assert muted(ada) == sorted(OPTIONAL)
    assert "sign_in.new_device" not in OPTIONAL


def test_a_kind_that_is_unknown_changes_nothing(client: Client, ada: User) -> None:
    client.force_login(ada)

    assert client.post(PAGE, {"wanted": ["no.such"]}).status_code == 200
    assert muted(ada) == []


def test_a_mail_program_ends_a_kind_without_cookies(ada: User) -> None:
    strict = Client(enforce_csrf_checks=True)

    response = strict.post(path_of(ada, "balance.low"), {"List-Unsubscribe": "One-Click"})

    assert response.status_code == 200
    assert muted(ada) == ["balance.low"]
    strict.post(path_of(ada, "balance.low"))
    assert muted(ada) == ["balance.low"]


def test_looking_at_the_link_changes_nothing(client: Client, ada: User) -> None:
    page = client.get(path_of(ada, "balance.low"))

    assert page.status_code == 200
    assert "The balance is about to end" in page.content.decode()
    assert muted(ada) == []


@pytest.mark.parametrize("kind", ["sign_in.new_device", "no.such"])
def test_a_link_for_what_must_be_sent_does_nothing(client: Client, ada: User, kind: str) -> None:
    assert client.post(path_of(ada, kind)).status_code == 404
    assert muted(ada) == []


@pytest.mark.parametrize("token", ["made-up", "WzEsImJhbGFuY2UubG93Il0:1vMabc:wrong", "a" * 3000])
def test_a_link_that_we_did_not_sign_is_none(client: Client, token: str) -> None:
    assert client.post(reverse("console:unsubscribe", args=[token])).status_code == 404


def test_a_link_of_somebody_who_is_gone_says_the_same(client: Client, settings: Any) -> None:
    assert client.post(unsubscribe_url(999_999, "balance.low").removeprefix(settings.PUBLIC_URL)).status_code == 200
