"""Preferences of the reader, and who pays on the pages that follow."""

from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import Resolver404, ResolverMatch, resolve, reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import services as accounts
from apps.console.adapters.account import remember_language
from apps.console.forms.people import PreferencesForm
from apps.console.shell import TEAM_KEY, shell_of
from apps.console.views.site import back
from apps.core import clock
from apps.promotions import queries as promotion_queries
from apps.promotions import services as promotions


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    user = request.user
    initial = {name: getattr(user, name) for name in PreferencesForm.base_fields}
    form = PreferencesForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        return _saved(request, form)
    promotions.referral_code_of(user.pk, at=clock.now())  # type: ignore[arg-type]  # signed in
    share = promotion_queries.referral_link_of(user.pk)  # type: ignore[arg-type]
    return render(request, "console/settings.html", {"form": form, "share": share})


def _saved(request: HttpRequest, form: PreferencesForm) -> HttpResponse:
    accounts.save_preferences(request.user, **form.cleaned_data)  # type: ignore[arg-type]
    response = redirect("console:settings")
    remember_language(response, form.cleaned_data["language"])
    with override(form.cleaned_data["language"]):
        messages.success(request, _("Settings saved."))
    return response


@login_required
@require_POST
def choose_payer(request: HttpRequest) -> HttpResponse:
    """Remembers the team for this session. A team that is not the reader's own changes nothing.

    The page stays, unless it shows a thing of the other team: then its list takes its place.
    """
    wanted = request.POST.get("team", "")
    if any(payer.team.public_id == wanted for payer in shell_of(request).payers):
        request.session[TEAM_KEY] = wanted
    return HttpResponseRedirect(_without_thing(back(request, reverse("console:home"))))


def _without_thing(url: str) -> str:
    """`/console/tokens/tk_…/delete` → `/console/tokens`; other pages as they are."""
    path = urlsplit(url).path
    while path:
        found = _resolved(path)
        if found is not None and not found.kwargs:
            return url if path == urlsplit(url).path else path
        path = path.rpartition("/")[0]
    return reverse("console:home")


def _resolved(path: str) -> ResolverMatch | None:
    try:
        return resolve(path)
    except Resolver404:
        return None
