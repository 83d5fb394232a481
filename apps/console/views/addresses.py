"""The e-mail of an account: changing it, and the entry of a mailed code."""

from typing import Any, Final

from allauth.account.internal.flows.email_verification_by_code import EMAIL_VERIFICATION_CODE_SESSION_KEY
from allauth.account.views import EmailView, email_verification_sent
from allauth.core import ratelimit
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

_ACTION: Final = "enter_code"


class ChangeEmailView(EmailView):  # type: ignore[misc]
    """allauth's, with one act: a new address, confirmed by a code, takes the place of the old one."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.get_form()
        answer: HttpResponse = self.form_valid(form) if form.is_valid() else self.form_invalid(form)
        return answer


change_email = ChangeEmailView.as_view()


def enter_code(request: HttpRequest) -> HttpResponseBase:
    """As many tries as the limit grants, by the address that the code went to and by the caller's own.

    allauth counts wrong codes in the session, which parallel requests all read before any of them writes.
    """
    state = request.session.get(EMAIL_VERIFICATION_CODE_SESSION_KEY) or {}
    limited = ratelimit.consume_or_429(request, action=_ACTION, key=str(state.get("email", "")).lower())
    answer: HttpResponseBase = limited or email_verification_sent(request)
    return answer
