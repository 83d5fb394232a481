"""What public pages have beside their content: an address in each language, and who may keep a copy of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Concatenate, Final, ParamSpec
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.encoding import escape_uri_path
from django.utils.translation import get_language, override
from django.views.decorators.http import require_safe

from apps.console.adapters.account import remember_language
from apps.console.referral_links import PARAMETER as REFERRAL

P = ParamSpec("P")
PublicView = Callable[Concatenate[HttpRequest, P], HttpResponse]

LANGUAGE: Final = "lang"
KEPT_SECONDS: Final = 60
HREFLANG: Final = {"en": "en", "zh-hans": "zh-Hans"}
OWN_NAMES: Final = {"en": "English", "zh-hans": "简体中文"}


@dataclass(frozen=True, slots=True)
class Alternate:
    """The page in one language: `address` for search engines, `link` for somebody who reads it now."""

    code: str
    hreflang: str
    name: str
    address: str
    link: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class PageAddresses:
    canonical: str
    plain: str
    alternates: tuple[Alternate, ...]


def public_page(view: PublicView[P]) -> PublicView[P]:
    """A page that strangers and search engines read. `?lang=` shows it in that language, so that each language has an
    address; who is not signed in keeps it, for a link needs no form and leaves the page fit for every cache.
    """

    @require_safe
    @wraps(view)
    def page(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        asked = request.GET.get(LANGUAGE, "")
        if asked not in dict(settings.LANGUAGES):
            asked = ""
        with override(asked or get_language()):
            request.addresses = _addresses(request, asked)  # type: ignore[attr-defined]
            response = view(request, *args, **kwargs)
            response.headers.setdefault("Content-Language", get_language() or settings.LANGUAGE_CODE)
        if asked and not request.user.is_authenticated:
            remember_language(response, asked)
        return response

    return page


def keep_page(request: HttpRequest, response: HttpResponse, *, at: datetime, until: datetime | None) -> HttpResponse:
    """A stranger's page may be kept by every cache for a minute, never beyond `until`; what anybody's cookie may have
    changed, and what sets one, is kept by nobody else.
    """
    patch_vary_headers(response, ("Cookie", "Accept-Language"))
    if request.user.is_authenticated:
        patch_cache_control(response, private=True, no_store=True)
    elif {LANGUAGE, REFERRAL} & request.GET.keys() or request.COOKIES.keys() - {settings.LANGUAGE_COOKIE_NAME}:
        patch_cache_control(response, private=True, no_cache=True)
    else:
        rest = KEPT_SECONDS if until is None else int(min((until - at).total_seconds(), KEPT_SECONDS))
        patch_cache_control(response, public=True, max_age=max(rest, 0))
    return response


def without_language(url: str) -> str:
    """Where somebody goes back to who chose another language than the address names."""
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != LANGUAGE]
    return urlunsplit(parts._replace(query=urlencode(query)))


def address_of(path: str, language: str = "") -> str:
    """`path` as `reverse` writes it: quoted."""
    return f"{settings.PUBLIC_URL}{path}" + (f"?{LANGUAGE}={language}" if language else "")


def _addresses(request: HttpRequest, asked: str) -> PageAddresses:
    path, current = escape_uri_path(request.path), get_language()
    return PageAddresses(
        canonical=address_of(path, asked),
        plain=address_of(path),
        alternates=tuple(
            Alternate(
                code=code,
                hreflang=HREFLANG.get(code, code),
                name=OWN_NAMES.get(code, code),
                address=address_of(path, code),
                link=_link(request, code),
                is_current=code == current,
            )
            for code, _name in settings.LANGUAGES
        ),
    )


def _link(request: HttpRequest, code: str) -> str:
    query = request.GET.copy()
    query[LANGUAGE] = code
    return f"?{query.urlencode()}"
