"""Public pages may be kept by every cache for a minute, and what is somebody's own by none."""

import pytest
from django.test import Client

from apps.accounts.models import User

pytestmark = pytest.mark.usefixtures("catalogue")

PAGES = [
    "/",
    "/privacy",
    "/models",
    "/models?lifecycle=planned",
    "/models/compare?m=chat-small",
    "/models/chat-small",
    "/campaigns",
    "/announcements",
    "/changelog",
]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_for_everybody_may_be_kept_for_a_minute(path: str) -> None:
    answer = Client().get(path)

    assert {"public", "max-age=60"} == set(answer["Cache-Control"].split(", "))
    assert not answer.cookies
    assert b"csrfmiddlewaretoken" not in answer.content


@pytest.mark.parametrize("path", PAGES)
def test_the_page_of_somebody_who_is_signed_in_is_kept_by_nobody(path: str, ada: User) -> None:
    client = Client()
    client.force_login(ada)

    assert "no-store" in client.get(path)["Cache-Control"]


@pytest.mark.parametrize("path", PAGES)
def test_caches_tell_readers_and_languages_apart(path: str) -> None:
    for client in (Client(), Client(headers={"Accept-Language": "zh-CN"})):
        varies = {name.strip() for name in client.get(path)["Vary"].split(",")}
        assert {"Cookie", "Accept-Language"} <= varies


@pytest.mark.parametrize("path", ["/price-alerts", "/accounts/login/"])
def test_a_page_with_a_form_is_kept_by_no_shared_cache(path: str) -> None:
    assert "public" not in Client().get(path).get("Cache-Control", "")
