"""The back office's front door: allauth's sign-in, and a second factor for everybody but the demo's staff user."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models.base import ModelBase
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.console.adapters import proofs
from apps.console.demo import STAFF_EMAIL
from apps.core.admin import actor_of
from apps.teams import queries as teams
from apps.teams.scoped_admin import bound_teams, closed_to_bound

# Addresses are changed by their owner and confirmed by mail; the row of an authenticator is the secret itself; who may
# sign people in is a setting, not a row; sessions and accounts elsewhere are their owner's; the groups of staff ship
# with the release.
KEPT_OUT = {
    "account.emailaddress",
    "auth.group",
    "mfa.authenticator",
    "socialaccount.socialaccount",
    "socialaccount.socialapp",
    "socialaccount.socialtoken",
    "usersessions.usersession",
}
FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


class BackOffice(AdminSite):
    site_title = gettext_lazy("Sluice back office")
    site_header = "Sluice"
    index_title = gettext_lazy("Back office")

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Closed to operators who are bound to teams, unless the admin is a `ScopedAdmin`."""
        models: Any = [model_or_iterable] if isinstance(model_or_iterable, ModelBase) else model_or_iterable
        shown = [model for model in models if model._meta.label_lower not in KEPT_OUT]
        super().register(shown, closed_to_bound(admin_class or ModelAdmin), **options)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """With the organisations that the operator is bound to, for the strip at the top."""
        names = teams.bound_team_names(actor_of(request)) if bound_teams(request) is not None else []
        return {**super().each_context(request), "organisations": names}

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and may_enter(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """No sign-in of its own: strangers go to allauth's, staff without a second factor to setting it up."""
        wanted = request.GET.get("next") or request.get_full_path()
        if not request.user.is_authenticated:
            return redirect_to_login(wanted)
        if not super().has_permission(request):
            raise PermissionDenied
        if may_enter(request):
            return redirect("admin:index")
        if is_mfa_enabled(request.user, FACTORS):
            return _confirm_factor(request, wanted)
        messages.warning(request, _("The back office asks for a second factor. Add a passkey or an app first."))
        return redirect("console:security")

    def password_change(  # type: ignore[override]  # a redirect where Django has a page
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One page for it: allauth's, which tells the owner by mail."""
        return redirect("account_change_password")


def may_enter(request: HttpRequest) -> bool:
    """Whether this staff member came in with a second factor; the demo's staff user may do without while DEBUG.

    That one is set up is not enough: a session that a stolen password opened before would come in with it.
    """
    if settings.DEBUG and getattr(request.user, "email", "") == STAFF_EMAIL:
        return True
    return bool(is_mfa_enabled(request.user, FACTORS)) and proofs.has_second_factor(request)


def _confirm_factor(request: HttpRequest, wanted: str) -> HttpResponse:
    """The factor was added, or the session opened, without it: it is asked for once, a passkey before a code."""
    ways = get_adapter().get_reauthentication_methods(request.user)
    *_, page = [way["url"] for way in ways if way["id"].startswith("mfa_")]
    return HttpResponseRedirect(f"{page}?{urlencode({REDIRECT_FIELD_NAME: wanted})}")
