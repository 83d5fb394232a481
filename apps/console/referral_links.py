"""The referral code that somebody came with: kept in a cookie until they have signed up, whatever door they take."""

from typing import Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

from apps.promotions import queries as promotions

PARAMETER: Final = "ref"
COOKIE: Final = "referral"
COOKIE_SECONDS: Final = 30 * 24 * 3600
LONGEST: Final = 32
_KEPT: Final = "_referral_code"


class KeepReferralCode(MiddlewareMixin):
    """Takes `?ref=` from any page that a stranger opens. A cookie and no session: a link costs the database no row."""

    def process_request(self, request: HttpRequest) -> None:
        code = request.GET.get(PARAMETER, "")
        if code and request.method == "GET" and not request.user.is_authenticated:
            keep_code(request, code)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        code = getattr(request, _KEPT, None)
        if code:
            response.set_cookie(
                COOKIE,
                code,
                max_age=COOKIE_SECONDS,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        elif code is not None and COOKIE in request.COOKIES:
            response.delete_cookie(COOKIE, samesite="Lax")
        return response


def keep_code(request: HttpRequest, code: str) -> None:
    """What was typed or came by a link last counts; an empty text forgets it."""
    setattr(request, _KEPT, "".join(filter(_is_plain, code.strip()))[:LONGEST])


def kept_code(request: HttpRequest) -> str:
    kept = getattr(request, _KEPT, None)
    return str(request.COOKIES.get(COOKIE, "") if kept is None else kept)[:LONGEST]


def _is_plain(letter: str) -> bool:
    """What a header may hold, and a code of ours could; of anything else a warning is all that comes."""
    return letter.isascii() and letter.isprintable()


def warn_of_unknown(request: HttpRequest, code: str) -> None:
    """Says the same whether an account was made or there was one: nobody learns which addresses have one."""
    if code and not promotions.is_code_in_use(code):
        messages.warning(
            request, _("The referral code is not valid, so nobody counts as having invited you. You can go on.")
        )
