"""The switch of a team's wallet: stop when free credit is used up. Asked before it is turned on, undone at once."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.console import services
from apps.console.decorators import team_page
from apps.core import clock
from apps.teams.types import TeamAccess
from apps.wallet import queries as wallet
from apps.wallet import services as wallet_services


@dataclass(frozen=True, slots=True)
class FreeSwitch:
    """The switch, and what it means now: what free lots have left and what was paid for, calls under way included."""

    is_on: bool
    free_nanos: int
    paid_nanos: int


def free_switch(team: TeamAccess) -> FreeSwitch:
    lots = wallet.lots_of(team.wallet_id)
    free = sum(lot.remaining_nanos for lot in lots if not lot.is_paid)
    paid = sum(lot.remaining_nanos for lot in lots if lot.is_paid)
    return FreeSwitch(wallet.is_free_only(team.wallet_id), free, paid)


@require_safe
@team_page("wallet.change")
def ask(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    """As a dialog over the statement where htmx asked, as a page of its own otherwise."""
    wallet_services.tend_accounts([team.wallet_id])
    page = "console/free_credit/_card.html" if "HX-Request" in request.headers else "console/free_credit/ask.html"
    return render(request, page, {"switch": free_switch(team)})


@require_POST
@team_page("wallet.change")
def stop(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    services.set_free_only(team, is_on=True, at=clock.now())
    messages.success(request, _("Calls spend free credit only from now on."))
    return redirect("console:statement")


@require_POST
@team_page("wallet.change")
def go_on(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    services.set_free_only(team, is_on=False, at=clock.now())
    messages.success(request, _("Calls spend all credit again."))
    return redirect("console:statement")
