"""Accounts elsewhere that people may sign in with: each is on when all of its variables are set."""

from typing import Any, Final
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config import env

OIDC: Final = "oidc"  # the name of the one OpenID Connect provider in addresses and in stored accounts


def providers(*, allow_http: bool) -> dict[str, Any]:
    """What allauth reads as SOCIALACCOUNT_PROVIDERS. Some variables of a provider without the others are refused."""
    google = _app(GOOGLE_CLIENT_ID=env.text("GOOGLE_CLIENT_ID"), GOOGLE_CLIENT_SECRET=env.text("GOOGLE_CLIENT_SECRET"))
    github = _app(GITHUB_CLIENT_ID=env.text("GITHUB_CLIENT_ID"), GITHUB_CLIENT_SECRET=env.text("GITHUB_CLIENT_SECRET"))
    wechat = _app(WECHAT_CLIENT_ID=env.text("WECHAT_CLIENT_ID"), WECHAT_CLIENT_SECRET=env.text("WECHAT_CLIENT_SECRET"))
    issuer = env.text("OIDC_ISSUER").rstrip("/")
    oidc = _app(
        OIDC_CLIENT_ID=env.text("OIDC_CLIENT_ID"),
        OIDC_CLIENT_SECRET=env.text("OIDC_CLIENT_SECRET"),
        OIDC_ISSUER=issuer,
    )
    if oidc:
        _check_address(issuer, allow_http=allow_http)
        oidc[0] |= {"provider_id": OIDC, "name": OIDC, "settings": {"server_url": issuer}}
    return {
        "google": {"APPS": google, "OAUTH_PKCE_ENABLED": True},
        "github": {"APPS": github, "OAUTH_PKCE_ENABLED": True},
        "weixin": {"APPS": wechat},
        "openid_connect": {"APPS": oidc, "OAUTH_PKCE_ENABLED": True},
    }


def origins(providers: dict[str, Any]) -> list[str]:
    """Where a form that begins a sign-in may lead: browsers hold a policy's `form-action` against redirects too."""
    known = {
        "google": "https://accounts.google.com",
        "github": "https://github.com",
        "weixin": "https://open.weixin.qq.com",
    }
    found = [known[name] for name in known if providers[name]["APPS"]]
    for app in providers["openid_connect"]["APPS"]:
        issuer = urlsplit(app["settings"]["server_url"])
        found.append(f"{issuer.scheme}://{issuer.netloc}")
    return found


def _app(**variables: str) -> list[dict[str, Any]]:
    missing = [name for name, value in variables.items() if not value]
    if len(missing) == len(variables):
        return []
    if missing:
        raise ImproperlyConfigured(f"Set {', '.join(missing)} too, or none of {', '.join(variables)}.")
    client_id, secret, *_ = variables.values()
    return [{"client_id": client_id, "secret": secret}]


def _check_address(issuer: str, *, allow_http: bool) -> None:
    address = urlsplit(issuer)
    if not address.netloc or address.scheme not in ({"https", "http"} if allow_http else {"https"}):
        raise ImproperlyConfigured(f"OIDC_ISSUER must be an https address, not {issuer!r}.")
