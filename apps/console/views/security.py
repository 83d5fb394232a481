"""What opens the reader's account, on one page; and the browsers in which it is open."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.accounts import queries as people
from apps.accounts import services as accounts
from apps.accounts.types import OpenSession
from apps.console.decorators import after_recent_sign_in, own_page
from apps.console.identities import NAMES, offered
from apps.core import clock


@require_safe
@own_page
def overview(request: HttpRequest) -> HttpResponse:
    user_id = cast(int, request.user.pk)
    factors = people.factors_of(user_id)
    identities = people.identities_of(user_id)
    context = {
        "factors": factors,
        "identities": [NAMES.get(identity.provider, identity.provider) for identity in identities],
        "offers_identities": bool(offered() or identities),
        "session_count": len(_sessions_of(request)),
        "needs_factor": request.user.is_staff and not factors.is_enough,
    }
    return render(request, "console/security.html", context)


@require_safe
@own_page
def sessions(request: HttpRequest) -> HttpResponse:
    return render(request, "usersessions/sessions.html", {"sessions": _sessions_of(request)})


@require_POST
@own_page
@after_recent_sign_in
def end_session(request: HttpRequest, session: int) -> HttpResponse:
    if accounts.end_session(cast(int, request.user.pk), session_id=session):
        messages.success(request, _("That browser is signed out."))
    return redirect("console:sessions")


@require_POST
@own_page
@after_recent_sign_in
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    ended = accounts.end_sessions(cast(int, request.user.pk), keep=request.session.session_key or "")
    text = ngettext("%(count)d other browser is signed out.", "%(count)d other browsers are signed out.", ended)
    messages.success(request, text % {"count": ended})
    return redirect("console:sessions")


def _sessions_of(request: HttpRequest) -> list[OpenSession]:
    key = request.session.session_key or ""
    return people.sessions_of(request.user, current_key=key, at=clock.now())  # type: ignore[arg-type]
