"""A provider of accounts elsewhere, and somebody who comes through it."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.doubles.identity import IdentityProvider

GRACE = {"sub": "grace-1", "email": "grace@example.com", "email_verified": True, "name": "Grace Hopper"}

ComeBack = Callable[..., HttpResponse]


@pytest.fixture(scope="session")
def _provider() -> Iterator[IdentityProvider]:
    with IdentityProvider() as provider:
        yield provider


@pytest.fixture
def provider(_provider: IdentityProvider, settings: Any) -> IdentityProvider:
    """The one provider of this test; it knows Grace."""
    _provider.forget()
    _provider.claims |= GRACE
    settings.SOCIALACCOUNT_PROVIDERS = _provider.apps()
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": policy | {"form-action": ["'self'", _provider.base]}}
    return _provider


def state_of(answer: HttpResponse) -> str:
    """What a browser that was sent to the provider brings back from there."""
    return parse_qs(urlsplit(answer["Location"]).query)["state"][0]


@pytest.fixture
def come_by(client: Client) -> ComeBack:
    """Leaves for a provider by one of our forms, and comes back with what it says."""

    def come(path: str = "/accounts/with/oidc/", *, browser: Client = client, **said: str) -> HttpResponse:
        left = browser.post(path)
        if left.status_code != 302 or "state=" not in left["Location"]:
            return left
        brought = said or {"code": "a-code"}
        provider = path.split("/")[3]
        return browser.get(f"/accounts/with/{provider}/callback/?{urlencode(brought | {'state': state_of(left)})}")

    return come
