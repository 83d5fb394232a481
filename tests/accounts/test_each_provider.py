"""What is particular to GitHub, Google and WeChat: where addresses come from, and that WeChat has none."""

import re

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.core.exceptions import ImproperlyConfigured

from apps.accounts import queries as people
from apps.accounts.models import User
from apps.console import identities
from config import identity
from tests.cast import make_user

pytestmark = pytest.mark.django_db

APP = {"client_id": "sluice", "secret": "shared"}


@pytest.fixture
def github(provider, settings, monkeypatch):
    settings.SOCIALACCOUNT_PROVIDERS = {"github": {"APPS": [APP]}}
    monkeypatch.setattr(identities.GitHub, "authorize_url", f"{provider.base}/authorize")
    monkeypatch.setattr(identities.GitHub, "access_token_url", f"{provider.base}/login/oauth/access_token")
    monkeypatch.setattr(identities.GitHub, "profile_url", f"{provider.base}/user")
    monkeypatch.setattr(identities.GitHub, "emails_url", f"{provider.base}/user/emails")
    provider.claims |= {"id": 7, "login": "grace", "email": "public@example.com"}
    return provider


@pytest.fixture
def wechat(provider, settings, monkeypatch):
    settings.SOCIALACCOUNT_PROVIDERS = {"weixin": {"APPS": [APP], "AUTHORIZE_URL": f"{provider.base}/authorize"}}
    monkeypatch.setattr(identities.Weixin, "access_token_url", f"{provider.base}/sns/oauth2/access_token")
    monkeypatch.setattr(identities.Weixin, "profile_url", f"{provider.base}/sns/userinfo")
    provider.claims.clear()
    provider.claims |= {"openid": "o-1", "nickname": "Grace"}
    return provider


def address(email, *, primary=False, verified=True):
    return {"email": email, "primary": primary, "verified": verified}


def test_github_gives_the_confirmed_primary_address_and_not_the_public_one(github, come_by):
    github.claims["emails"] = [address("old@example.com"), address("grace@example.com", primary=True)]

    come_by("/accounts/with/github/")

    assert [user.email for user in User.objects.all()] == ["grace@example.com"]
    assert SocialAccount.objects.get().extra_data["login"] == "grace"


def test_a_confirmed_address_goes_before_one_that_is_not(github, come_by):
    github.claims["emails"] = [
        address("new@example.com", primary=True, verified=False),
        address("grace@example.com"),
    ]

    answer = come_by("/accounts/with/github/")

    assert people.user_by_email("grace@example.com") is not None
    assert answer["Location"] == "/console/"


def test_a_public_address_alone_needs_the_code(github, come_by):
    answer = come_by("/accounts/with/github/")

    assert answer["Location"] == "/accounts/confirm-email/"
    assert people.user_by_email("public@example.com") is not None


def test_wechat_has_no_address_so_one_is_asked_for_and_confirmed(client, wechat, come_by):
    answer = come_by("/accounts/with/weixin/")
    assert answer["Location"] == "/accounts/signup/with/"
    assert "Your account needs an e-mail" in client.get(answer["Location"]).content.decode()

    answer = client.post("/accounts/signup/with/", {"email": "grace@example.com"})

    assert answer["Location"] == "/accounts/confirm-email/"
    assert client.get("/console/").status_code == 302
    code = re.search(r"^([A-Z]{4}-[A-Z]{4})$", mail.outbox[-1].body, re.MULTILINE)[1]
    client.post("/accounts/confirm-email/", {"code": code})
    assert client.get("/console/").status_code == 200
    assert SocialAccount.objects.get().uid == "o-1"


def test_an_address_typed_there_tells_nothing_about_accounts(client, wechat, come_by):
    ada = make_user("ada@example.com")
    come_by("/accounts/with/weixin/")

    answer = client.post("/accounts/signup/with/", {"email": "ada@example.com"})

    assert answer["Location"] == "/accounts/confirm-email/"
    assert not people.identities_of(ada.pk)
    assert User.objects.count() == 1


def test_an_error_of_wechat_becomes_a_page(wechat, come_by):
    wechat.trouble["/sns/userinfo"] = (200, '{"errcode": 40003, "errmsg": "invalid openid"}')

    assert come_by("/accounts/with/weixin/").status_code == 401


@pytest.fixture
def variables(monkeypatch):
    """Sets variables of providers; those that are not named are unset."""

    def put(**values):
        for name in ("GOOGLE", "GITHUB", "WECHAT", "OIDC"):
            for part in ("CLIENT_ID", "CLIENT_SECRET"):
                monkeypatch.setenv(f"{name}_{part}", values.get(f"{name}_{part}", ""))
        monkeypatch.setenv("OIDC_ISSUER", values.get("OIDC_ISSUER", ""))
        return identity.providers(allow_http=False)

    return put


def test_a_provider_is_on_when_all_its_variables_are_set(variables, settings):
    settings.SOCIALACCOUNT_PROVIDERS = variables(GITHUB_CLIENT_ID="a", GITHUB_CLIENT_SECRET="b")

    assert identities.offered_codes() == ["github"]
    assert identity.origins(settings.SOCIALACCOUNT_PROVIDERS) == ["https://github.com"]


def test_without_variables_there_is_no_provider(variables, settings):
    settings.SOCIALACCOUNT_PROVIDERS = variables()

    assert identities.offered() == []
    assert identity.origins(settings.SOCIALACCOUNT_PROVIDERS) == []


def test_forms_may_lead_to_the_issuer_and_nowhere_else(variables):
    found = variables(OIDC_CLIENT_ID="a", OIDC_CLIENT_SECRET="b", OIDC_ISSUER="https://login.example:8443/realms/x/")

    assert identity.origins(found) == ["https://login.example:8443"]
    assert found["openid_connect"]["APPS"][0]["settings"] == {"server_url": "https://login.example:8443/realms/x"}


@pytest.mark.parametrize(
    "values",
    [
        {"GOOGLE_CLIENT_ID": "a"},
        {"WECHAT_CLIENT_SECRET": "b"},
        {"OIDC_CLIENT_ID": "a", "OIDC_CLIENT_SECRET": "b"},
        {"OIDC_CLIENT_ID": "a", "OIDC_CLIENT_SECRET": "b", "OIDC_ISSUER": "http://login.example"},
        {"OIDC_CLIENT_ID": "a", "OIDC_CLIENT_SECRET": "b", "OIDC_ISSUER": "login.example"},
    ],
)
def test_half_a_provider_is_refused_by_name(variables, values):
    with pytest.raises(ImproperlyConfigured, match=r"Set |OIDC_ISSUER must be"):
        variables(**values)
