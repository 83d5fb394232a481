"""Second factors of the reader: the list of passkeys, and what allauth's pages do not do as ours."""

from typing import Any, cast

from allauth.account.adapter import get_adapter
from allauth.mfa.totp.views import DeactivateTOTPView
from allauth.mfa.webauthn.views import ReauthenticateWebAuthnView
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts import queries as people
from apps.accounts import services as accounts
from apps.accounts.errors import LastWayIn
from apps.accounts.types import Passkey
from apps.console.decorators import after_recent_sign_in, own_page
from apps.console.identities import offered_codes


@require_safe
@own_page
def passkey_list(request: HttpRequest) -> HttpResponse:
    passkeys = people.factors_of(cast(int, request.user.pk)).passkeys
    return render(request, "mfa/webauthn/authenticator_list.html", {"passkeys": passkeys})


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
@after_recent_sign_in
def remove(request: HttpRequest, passkey: int) -> HttpResponse:
    """Asks, and removes the passkey."""
    context: dict[str, Any] = {"passkey": _own(request, passkey)}
    page = "mfa/webauthn/authenticator_confirm_delete.html"
    if request.method != "POST":
        return render(request, page, context)
    try:
        accounts.remove_passkey(cast(int, request.user.pk), passkey_id=passkey, providers=offered_codes())
    except LastWayIn as error:
        return render(request, page, context | {"error": error.text}, status=409)
    adapter = get_adapter()
    adapter.add_message(request, messages.SUCCESS, "mfa/messages/webauthn_removed.txt")
    adapter.send_notification_mail("mfa/email/webauthn_removed", request.user)
    return redirect("mfa_list_webauthn")


class RemoveAppView(DeactivateTOTPView):  # type: ignore[misc]
    """allauth's, which also says what stays when the app goes."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        only = not people.factors_of(cast(int, self.request.user.pk)).passkeys
        return {**super().get_context_data(**kwargs), "only_factor": only}


class ConfirmView(ReauthenticateWebAuthnView):  # type: ignore[misc]
    """allauth's, which answers a passkey that does not fit by leaving the page."""

    def form_invalid(self, form: Any) -> HttpResponse:
        for error in form.errors.get("credential", []):
            messages.error(self.request, error)
        return HttpResponseRedirect(self.request.get_full_path())


remove_app = RemoveAppView.as_view()
confirm = ConfirmView.as_view()


def _own(request: HttpRequest, passkey_id: int) -> Passkey:
    for passkey in people.factors_of(cast(int, request.user.pk)).passkeys:
        if passkey.id == passkey_id:
            return passkey
    raise Http404
