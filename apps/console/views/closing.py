"""Closing the current team, and closing the own account: what stands against it, what ends, and the act itself."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from apps.console.closing.errors import StillOpen
from apps.console.closing.people import close_account
from apps.console.closing.reasons import PERSON_QUESTIONS, TEAM_QUESTIONS, Question, what_keeps_open
from apps.console.closing.teams import close_team
from apps.console.closing.types import GivenUp, Leaving
from apps.console.decorators import after_recent_sign_in, own_page, team_page
from apps.console.forms.closing import ClosingForm
from apps.console.readers import signed_in
from apps.core import clock
from apps.core.errors import SluiceError
from apps.journal import queries as journal
from apps.promotions import queries as promotions
from apps.relay import queries as relay
from apps.teams import queries as teams
from apps.teams import services as team_services
from apps.teams.types import TeamAccess
from apps.wallet import queries as wallet
from apps.wallet import services as wallet_services


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@team_page("team.close")
@after_recent_sign_in
def team(request: HttpRequest, access: TeamAccess) -> HttpResponse:
    """A personal team ends with the account of its person."""
    if request.method == "POST" and request.POST.get("team") != access.public_id:
        return redirect("console:home")  # another team was chosen meanwhile, or this one is closed already
    if access.is_personal:
        return redirect("console:account_close")
    leaving = Leaving(access, clock.now())
    form = _form(_sent(request), access, word=access.name, label=_("Name of the team"))
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            close_team(access, given_up=form.given_up, at=leaving.at)
        except SluiceError as error:
            problem = _problem(error)
            form = _form(None, access, word=access.name, label=_("Name of the team"))
        else:
            messages.success(request, _("%(team)s is closed.") % {"team": access.name})
            return redirect("console:home")
    figures = teams.what_a_team_has(access.id, at=leaving.at)
    webhooks = len(journal.endpoints_of(access.public_id))
    more = {"figures": figures, "api_tokens": relay.token_count(access.id), "webhooks": webhooks}
    return _page(request, "console/leaving/team.html", _context(TEAM_QUESTIONS, leaving, form, problem=problem) | more)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@own_page
@after_recent_sign_in
def account(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    personal = team_services.personal_team_of(user)
    leaving = Leaving(personal, clock.now())
    form = _form(_sent(request), personal, word=user.email, label=_("Your e-mail address"))
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            close_account(user.pk, given_up=form.given_up, at=leaving.at)
        except SluiceError as error:
            problem = _problem(error)
            form = _form(None, personal, word=user.email, label=_("Your e-mail address"))
        else:
            logout(request)
            return redirect("console:account_closed")
    others = [access.name for access in teams.teams_of(user.pk) if not access.may("team.close")]
    more = {"others": others, "api_tokens": relay.token_count(personal.id)}
    return _page(
        request, "console/leaving/account.html", _context(PERSON_QUESTIONS, leaving, form, problem=problem) | more
    )


@require_safe
def account_closed(request: HttpRequest) -> HttpResponse:
    """Where somebody stands who has no account any more."""
    return render(request, "site/account_closed.html")


def _sent(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _form(data: QueryDict | None, access: TeamAccess, *, word: str, label: str) -> ClosingForm:
    wallet_services.tend_accounts([access.wallet_id])
    balance = wallet.balance_of(access.wallet_id).available_nanos
    shown = GivenUp(balance, _rewards_of(access) if access.is_personal else 0)
    return ClosingForm(data, word=word, label=label, shown=shown)


def _rewards_of(access: TeamAccess) -> int:
    account_id = promotions.reward_account_of(access.user_id)
    return 0 if account_id is None else wallet.balance_of(account_id).available_nanos


def _context(questions: tuple[Question, ...], leaving: Leaving, form: ClosingForm, *, problem: str) -> dict[str, Any]:
    return {
        "team": leaving.team,
        "reasons": what_keeps_open(questions, leaving),
        "form": form,
        "problem": problem,
        "balance_nanos": form.initial["balance_nanos"],
        "reward_nanos": form.initial["reward_nanos"],
        "total_nanos": form.initial["balance_nanos"] + form.initial["reward_nanos"],
    }


def _problem(error: SluiceError) -> str:
    """Reasons stand on the page themselves."""
    return "" if isinstance(error, StillOpen) else str(error.text)


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """409 where what was asked for did not happen although the form was right."""
    refused = request.method == "POST" and not context["form"].is_bound
    return render(request, template, context, status=409 if refused else 200)
