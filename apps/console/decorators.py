"""Who may open a console page: signed in, in one of the own teams, with the right the page needs."""

from collections.abc import Callable
from functools import update_wrapper, wraps
from typing import Concatenate, Final, ParamSpec, cast
from zoneinfo import ZoneInfo

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.console.shell import shell_of
from apps.console.words.teams import SWITCHED
from apps.teams.types import TeamAccess

PAYER: Final = "payer"
P = ParamSpec("P")
TeamView = Callable[Concatenate[HttpRequest, TeamAccess, P], HttpResponseBase]
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def own_page(view: View[P]) -> View[P]:
    """For the reader's own affairs, whoever pays: signed in, and told times in the own zone."""

    def page(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        with timezone.override(ZoneInfo(request.user.time_zone)):  # type: ignore[union-attr]
            return view(request, *args, **kwargs)

    protected: View[P] = login_required(page)
    update_wrapper(protected, view)
    return protected


def after_recent_sign_in(view: View[P]) -> View[P]:
    """For acts that change who gets in, or money: the reader proved who they are in the last minutes, or does so now.

    allauth's decorator with its types; the rule is the adapter's.
    """
    return cast(View[P], reauthentication_required(view))


def team_page(permission: str) -> Callable[[TeamView[P]], View[P]]:
    """The view gets the reader's current team. Without the right, the page says who may instead of what is there.

    A form that names the team it was opened for, as `payer`, acts on no other: the reader may have switched in another
    tab, or by following an invitation.
    """

    def decorate(view: TeamView[P]) -> View[P]:
        def page(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            team = shell_of(request).payer.team
            if not team.may(permission):
                return render(request, "console/not_for_this_role.html", {"team": team}, status=403)
            if request.method == "POST" and request.POST.get(PAYER, team.public_id) != team.public_id:
                messages.warning(request, SWITCHED)
                return redirect("console:home")
            with timezone.override(ZoneInfo(request.user.time_zone)):  # type: ignore[union-attr]
                return view(request, team, *args, **kwargs)

        protected: View[P] = login_required(page)
        update_wrapper(protected, view)
        return protected

    return decorate


def shared_team_page(permission: str) -> Callable[[TeamView[P]], View[P]]:
    """As `team_page`, for what a personal team knows not: 404 there."""

    def decorate(view: TeamView[P]) -> View[P]:
        @wraps(view)
        def page(request: HttpRequest, team: TeamAccess, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if team.is_personal:
                raise Http404
            return view(request, team, *args, **kwargs)

        return team_page(permission)(page)

    return decorate
