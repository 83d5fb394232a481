"""Accounts elsewhere as a way in: which are offered, and what we believe of what their providers answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import ProviderException
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from allauth.socialaccount.providers.google.views import GoogleOAuth2Adapter
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from allauth.socialaccount.providers.weixin.views import WeixinOAuth2Adapter
from allauth.utils import build_absolute_uri
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.queries import IDENTITY_LABELS

OIDC: Final = "oidc"
NAMES: Final[dict[str, str | Promise]] = {
    "google": "Google",
    "github": "GitHub",
    "weixin": _("WeChat"),
    OIDC: _("single sign-on"),
}
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "issuer")


@dataclass(frozen=True, slots=True)
class Provider:
    """Where people may have an account that opens one here."""

    code: str
    name: str | Promise


def offered() -> list[Provider]:
    """Those that settings name, in one order on every page."""
    codes = [
        app.get("provider_id", kind)
        for kind, terms in settings.SOCIALACCOUNT_PROVIDERS.items()
        for app in terms["APPS"]
    ]
    return [Provider(code, name) for code, name in NAMES.items() if code in codes]


def offered_codes() -> list[str]:
    return [provider.code for provider in offered()]


@contextmanager
def _believing_only_sense() -> Iterator[None]:
    """An answer that is not shaped as its protocol says becomes the page about a provider that failed."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, ImproperlyConfigured) as error:
        raise ProviderException(f"odd answer: {error!r}") from error


class Careful(OAuth2Adapter):  # type: ignore[misc]
    """What holds for every provider: one address to come back to, no odd answers, one e-mail, little kept."""

    @property
    def code(self) -> str:
        return str(self.provider_id)

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        return str(build_absolute_uri(request, reverse("identity_callback", args=[self.code])))

    def get_access_token_data(self, *args: Any, **kwargs: Any) -> Any:
        with _believing_only_sense():
            return super().get_access_token_data(*args, **kwargs)

    def parse_token(self, data: Any) -> Any:
        with _believing_only_sense():
            return super().parse_token(data)

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> SocialLogin:
        with _believing_only_sense():
            login = super().complete_login(request, app, token, **kwargs)
            _keep_one_address(login)
            _keep_little(login)
            return login


class Google(Careful, GoogleOAuth2Adapter):  # type: ignore[misc]
    pass


class GitHub(Careful, GitHubOAuth2Adapter):  # type: ignore[misc]
    pass


class Weixin(Careful, WeixinOAuth2Adapter):  # type: ignore[misc]
    pass


class OpenIdConnect(Careful, OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    def __init__(self, request: HttpRequest, provider_id: str = OIDC) -> None:
        super().__init__(request, provider_id)

    @property
    def openid_config(self) -> dict[str, Any]:
        """As published by the issuer that settings name, and no other."""
        with _believing_only_sense():
            found: dict[str, Any] = super().openid_config
            for name in _ENDPOINTS:
                if not isinstance(found[name], str):
                    raise ProviderException(f"odd configuration: {name}")
        if found["issuer"].rstrip("/") != self.get_provider().app.settings["server_url"]:
            raise ProviderException("the configuration is another issuer's")
        return found


_ADAPTERS: Final[dict[str, type[Careful]]] = {
    "google": Google,
    "github": GitHub,
    "weixin": Weixin,
    OIDC: OpenIdConnect,
}


def adapter_of(request: HttpRequest, code: str) -> Careful:
    """Speaks with a provider that is offered; 404 for any other."""
    if code not in offered_codes():
        raise Http404
    return _ADAPTERS[code](request)


def _keep_one_address(login: SocialLogin) -> None:
    """The first confirmed address, else the first. Some providers write yes and no as text."""
    for address in login.email_addresses:
        address.verified = address.verified in (True, "true")
    chosen = next((address for address in login.email_addresses if address.verified), None)
    login.email_addresses = [chosen] if chosen else login.email_addresses[:1]
    login.user.email = login.email_addresses[0].email if login.email_addresses else ""


def _keep_little(login: SocialLogin) -> None:
    told = login.account.extra_data
    told = told.get("userinfo") or told.get("id_token") or told
    login.account.extra_data = {name: str(told[name])[:200] for name in IDENTITY_LABELS if told.get(name)}
