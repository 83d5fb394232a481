"""Mails of sign-in: text and HTML of one frame, in the language and zone of their readers, with links to us alone."""

import re
from datetime import UTC, datetime

import pytest
from django.core import mail
from django.test import Client

from apps.accounts import services as accounts
from apps.console.adapters import AccountAdapter
from tests.architecture.sources import ROOT
from tests.cast import PASSWORD, make_user

pytestmark = pytest.mark.django_db

TEMPLATES = ROOT / "templates"
PREFIXES = sorted(
    str(path.relative_to(TEMPLATES)).removesuffix("_subject.txt")
    for app in ("account", "mfa", "socialaccount")
    for path in (TEMPLATES / app / "email").glob("*_subject.txt")
)
TOLD = {
    "email": "ada@example.com",
    "code": "BCDF-GHJK",
    "from_email": "before@example.com",
    "to_email": "after@example.com",
    "provider": "GitHub",
    "password_reset_url": "/accounts/password/reset/key/1-x/",
    "signup_url": "/accounts/signup/",
    "device": "Firefox on Windows",
    "ip": "203.0.113.9",
    "timestamp": datetime(2026, 11, 21, 12, tzinfo=UTC),
}


@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_mail_is_text_and_html_of_one_frame(prefix, settings):
    settings.PUBLIC_URL = "https://sluice.example"

    message = AccountAdapter().render_mail(prefix, "ada@example.com", TOLD)

    [(html, kind)] = message.alternatives
    assert kind == "text/html"
    assert 0 < len(message.subject) < 80
    assert "\n\n\n" not in message.body
    for part in (message.body, html):
        assert "You get this mail because" in part
        assert "{{" not in part
        assert "{%" not in part
        assert set(re.findall(r"https?://[^/\s\"]+", part)) == {"https://sluice.example"}
    assert "<h1" in html


def test_a_mail_is_in_the_language_of_whom_it_is_for_whoever_asked_for_it():
    ling = make_user("ling@example.com")
    accounts.choose_language(ling, language="zh-hans")

    Client().post("/accounts/password/reset/", {"email": ling.email}, headers={"accept-language": "en"})

    assert mail.outbox[-1].subject == "重置您的 Sluice 密码"


def test_a_mail_leads_to_us_whatever_host_was_asked(settings):
    settings.ALLOWED_HOSTS = ["*"]
    make_user("ada@example.com")

    Client().post("/accounts/password/reset/", {"email": "ada@example.com"}, HTTP_HOST="evil.example")

    assert "evil.example" not in mail.outbox[-1].body + str(mail.outbox[-1].alternatives)
    assert f"{settings.PUBLIC_URL}/accounts/password/reset/key/" in mail.outbox[-1].body


def test_a_notice_says_device_address_and_time_in_the_readers_zone(client):
    ada = make_user("ada@example.com")
    accounts.save_preferences(ada, name="Ada", language="en", display_unit="usd", time_zone="Europe/Paris")
    client.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    new = "a long walk along the river"

    client.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": new, "password2": new},
        headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"},
        REMOTE_ADDR="203.0.113.9",
    )

    body = mail.outbox[-1].body
    assert "Device: Firefox on Linux" in body
    assert "Address: 203.0.113.9" in body
    assert "(UTC+1)" in body or "(UTC+2)" in body
