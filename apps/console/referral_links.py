"""The referral code that somebody came with: kept in the session until they have signed up, whatever door they take."""

from typing import Final

from django.contrib import messages
from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

from apps.promotions import queries as promotions

PARAMETER: Final = "ref"
REFERRAL_KEY: Final = "console.referral_code"
LONGEST: Final = 32


class KeepReferralCode(MiddlewareMixin):
    """Takes `?ref=` from any page that a stranger opens. A session begins with a code only, so that bots fill none."""

    def process_request(self, request: HttpRequest) -> None:
        code = request.GET.get(PARAMETER, "")
        if code and request.method == "GET" and not request.user.is_authenticated:
            keep_code(request, code)


def keep_code(request: HttpRequest, code: str) -> None:
    """What was typed or came by a link last counts; an empty text forgets it."""
    kept = code.strip()[:LONGEST]
    if kept:
        request.session[REFERRAL_KEY] = kept
    else:
        request.session.pop(REFERRAL_KEY, None)


def kept_code(request: HttpRequest) -> str:
    return str(request.session.get(REFERRAL_KEY, ""))


def warn_of_unknown(request: HttpRequest, code: str) -> None:
    """Says the same whether an account was made or there was one: nobody learns which addresses have one."""
    if code and not promotions.is_code_in_use(code):
        messages.warning(
            request, _("The referral code is not valid, so nobody counts as having invited you. You can go on.")
        )
