"""Whatever a provider answers, the reader gets a page that says what to do, and nothing has happened."""

import pytest

from apps.accounts.models import User

pytestmark = pytest.mark.django_db

DISCOVERY = "/.well-known/openid-configuration"


def test_a_refused_consent_is_no_error(client, provider, come_by):
    answer = come_by(error="access_denied")

    assert answer["Location"] == "/accounts/login/cancelled/"
    assert "Nothing was shared" in client.get(answer["Location"]).content.decode()
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/token", 500, "oops"),
        ("/token", 400, '{"error": "invalid_grant"}'),
        ("/token", 200, "<html>"),
        ("/token", 200, "[]"),
        ("/token", 200, '"access_token"'),
        ("/token", 200, '{"access_token": "x", "expires_in": "soon"}'),
        ("/token", 200, '{"access_token": "x", "id_token": "x.y.z"}'),
        ("/userinfo", 503, ""),
        ("/userinfo", 200, "nonsense"),
        ("/userinfo", 200, "[]"),
        ("/userinfo", 200, "7"),
        ("/userinfo", 200, '{"email": "grace@example.com", "email_verified": true}'),
        ("/userinfo", 200, '{"sub": ""}'),
        ("/userinfo", 200, '{"sub": "%s"}' % ("x" * 300)),
    ],
)
def test_an_answer_that_makes_no_sense_becomes_a_page(provider, come_by, path, status, body):
    provider.trouble[path] = (status, body)

    answer = come_by()

    assert answer.status_code == 401
    assert "That sign-in did not work" in answer.content.decode()
    assert not User.objects.exists()


@pytest.mark.parametrize(("status", "body"), [(500, ""), (200, "<html>"), (200, "[]"), (200, '{"issuer": 1}')])
def test_a_provider_without_a_configuration_becomes_a_page(client, provider, status, body):
    provider.trouble[DISCOVERY] = (status, body)

    answer = client.post("/accounts/with/oidc/")

    assert answer.status_code == 401
    assert "That sign-in did not work" in answer.content.decode()


def test_a_provider_that_nobody_reaches_becomes_a_page(client, provider, settings):
    settings.SOCIALACCOUNT_PROVIDERS = provider.apps()
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = "http://127.0.0.1:1"

    assert client.post("/accounts/with/oidc/").status_code == 401


def test_another_issuers_configuration_is_not_followed(client, provider):
    provider.configuration["issuer"] = "https://evil.example"

    assert client.post("/accounts/with/oidc/").status_code == 401


def test_an_error_of_the_provider_becomes_a_page(provider, come_by):
    assert come_by(error="server_error").status_code == 401


def test_a_page_of_sign_in_on_another_host_is_reached_by_a_link(client, provider):
    provider.configuration["authorization_endpoint"] = "https://login.elsewhere.example/authorize"

    answer = client.post("/accounts/with/oidc/")

    assert answer.status_code == 200
    assert 'href="https://login.elsewhere.example/authorize?' in answer.content.decode()
