"""Sign-in with an account elsewhere: the way out to its provider, the way back, and what opens this account."""

from typing import Any, Final, cast
from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter
from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.base import ProviderException
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from requests import RequestException

from apps.accounts import queries as people
from apps.accounts import services as accounts
from apps.accounts.errors import LastWayIn
from apps.console.decorators import after_recent_sign_in, own_page
from apps.console.identities import NAMES, adapter_of, offered, offered_codes

# What makes a provider ask who it is instead of nodding at a browser that it knows.
_ASK_AGAIN: Final = {"oidc": {"prompt": "login"}, "google": {"prompt": "select_account"}}


@require_POST
def sign_in(request: HttpRequest, provider: str) -> HttpResponse:
    return _leave_for(request, provider, AuthProcess.LOGIN, come_back=get_next_redirect_url(request))


@require_POST
@own_page
@after_recent_sign_in
def connect(request: HttpRequest, provider: str) -> HttpResponse:
    return _leave_for(request, provider, AuthProcess.CONNECT, come_back=reverse("socialaccount_connections"))


@require_POST
@own_page
def prove(request: HttpRequest, provider: str) -> HttpResponse:
    """Confirms who is signed in by an account elsewhere that opens this one."""
    page = get_next_redirect_url(request) or reverse("console:security")
    return _leave_for(request, provider, AuthProcess.REDIRECT, come_back=page, asking=_ASK_AGAIN.get(provider))


@require_safe
@own_page
def confirm(request: HttpRequest) -> HttpResponse:
    """The page of those buttons; and what to do for somebody whom nothing else can confirm."""
    own = {identity.provider for identity in people.identities_of(cast(int, request.user.pk))}
    context = {
        "providers": [provider for provider in offered() if provider.code in own],
        "next": get_next_redirect_url(request) or "",
    }
    return render(request, "socialaccount/confirm.html", context)


@require_safe
def callback(request: HttpRequest, provider: str) -> HttpResponse:
    """Where the provider sends people back. Whatever it answers, the reader gets a page."""
    view = OAuth2CallbackView.adapter_view(adapter_of(request, provider))
    answer: HttpResponse = view(request)
    return answer


@require_safe
@own_page
def connections(request: HttpRequest) -> HttpResponse:
    identities = people.identities_of(cast(int, request.user.pk))
    own = {identity.provider for identity in identities}
    rows = [
        {
            "id": identity.pk,
            "provider": NAMES.get(identity.provider, identity.provider),
            "label": people.identity_label(identity),
            "since": identity.date_joined,
            "is_offered": identity.provider in offered_codes(),
        }
        for identity in identities
    ]
    context = {"identities": rows, "providers": [provider for provider in offered() if provider.code not in own]}
    return render(request, "socialaccount/connections.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
@after_recent_sign_in
def disconnect(request: HttpRequest, identity: int) -> HttpResponse:
    """Asks, and removes the account elsewhere from this one."""
    found = next((row for row in people.identities_of(cast(int, request.user.pk)) if row.pk == identity), None)
    if found is None:
        raise Http404
    name = NAMES.get(found.provider, found.provider)
    context: dict[str, Any] = {"provider": name, "label": people.identity_label(found), "id": identity}
    if request.method != "POST":
        return render(request, "socialaccount/disconnect.html", context)
    try:
        accounts.remove_identity(cast(int, request.user.pk), identity_id=identity, providers=offered_codes())
    except LastWayIn as error:
        return render(request, "socialaccount/disconnect.html", context | {"error": error.text}, status=409)
    messages.success(request, _("%(provider)s no longer opens your account.") % {"provider": name})
    mail = {"provider": name}
    get_adapter().send_notification_mail("socialaccount/email/account_disconnected", request.user, mail)
    return redirect("socialaccount_connections")


def _leave_for(
    request: HttpRequest, code: str, process: str, *, come_back: str | None, asking: dict[str, str] | None = None
) -> HttpResponse:
    adapter = adapter_of(request, code)
    provider = adapter.get_provider()
    provider.oauth2_adapter_class = type(adapter)
    try:
        answer = provider.redirect(request, process=process, next_url=come_back, auth_params=dict(asking or {}))
    except (RequestException, ProviderException) as error:
        return render_authentication_error(request, provider, exception=error)  # type: ignore[no-any-return]
    if answer.status_code == 302 and not _is_allowed(answer["Location"]):
        return render(request, "socialaccount/leave.html", {"provider": NAMES[code], "address": answer["Location"]})
    return answer  # type: ignore[no-any-return]


def _is_allowed(address: str) -> bool:
    """Whether browsers follow a form there. Some issuers have their sign-in page elsewhere: a link leads there."""
    target = urlsplit(address)
    return f"{target.scheme}://{target.netloc}" in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"]
