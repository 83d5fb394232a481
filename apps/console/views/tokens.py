"""API tokens of the current team: the list, and one page for each act on one of them."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.console.amounts import plain_figure
from apps.console.decorators import team_page
from apps.console.forms import TokenForm
from apps.console.readers import reader_of
from apps.core import clock
from apps.core.errors import SluiceError
from apps.relay import queries as relay
from apps.relay import services as tokens
from apps.relay.queries import TokenUse
from apps.teams.types import TeamAccess

CAUTION_FROM = 70


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token as the list shows it: `share` is what is used of the limit, in hundredths."""

    token: Any
    used_nanos: int
    held_nanos: int
    remaining_nanos: int | None
    share: int
    tone: str


def token_row(entry: TokenUse) -> TokenRow:
    limit, use = entry.token.limit_nanos, entry.use
    taken = use.used_nanos + use.held_nanos
    share = min(100, taken * 100 // limit) if limit else 0
    tone = "critical" if share == 100 else "caution" if share >= CAUTION_FROM else ""
    return TokenRow(entry.token, use.used_nanos, use.held_nanos, use.remaining_nanos, share, tone)


@require_GET
@team_page("tokens.view")
def token_list(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    rows = [token_row(entry) for entry in relay.tokens_of(team.id)]
    context = {
        "rows": rows,
        "may_change": team.may("tokens.change"),
        "room": settings.TOKENS_PER_TEAM - len(rows),
        "most": settings.TOKENS_PER_TEAM,
        "now": clock.now(),
    }
    return render(request, "console/tokens.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@team_page("tokens.change")
def create(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    """The answer to the form is the one page that ever shows the secret; it is kept nowhere, so nothing redirects."""
    form = TokenForm(request.POST or None, reader=reader_of(request))
    if request.method == "POST" and form.is_valid():
        try:
            token, secret = tokens.create_token(
                team.id,
                form.cleaned_data["name"],
                actor=request.user.pk,
                at=clock.now(),
                limit_nanos=form.cleaned_data["limit"],
                model_codes=form.cleaned_data["models"],
            )
        except SluiceError as error:
            form.refuse(error)
        else:
            context = {"token": token, "secret": secret, "base_url": f"{settings.PUBLIC_URL}/v1"}
            return render(request, "console/token_created.html", context)
    return render(request, "console/token_new.html", {"form": form, "reader": reader_of(request)})


@require_http_methods(["GET", "POST"])
@team_page("tokens.change")
def edit(request: HttpRequest, team: TeamAccess, token: str) -> HttpResponse:
    reader = reader_of(request)
    entry = _token_of(team, token)
    initial = {
        "name": entry.name,
        "limit": plain_figure(entry.limit_nanos, reader.rate_of(reader.unit)),
        "whole_balance": not entry.limit_nanos,
        "models": "\n".join(entry.model_codes),
    }
    form = TokenForm(request.POST or None, initial=initial, reader=reader)
    if request.method == "POST" and form.is_valid():
        try:
            tokens.change_token(entry.pk, actor=request.user.pk, at=clock.now(), **form.changed_terms())
        except SluiceError as error:
            form.refuse(error)
        else:
            messages.success(request, _("%(token)s saved.") % {"token": form.cleaned_data["name"]})
            return redirect("console:tokens")
    context = {"form": form, "token": entry, "row": token_row(relay.token_use(entry)), "reader": reader}
    return render(request, "console/token_edit.html", context)


@require_POST
@team_page("tokens.change")
def disable(request: HttpRequest, team: TeamAccess, token: str) -> HttpResponse:
    entry = _token_of(team, token)
    tokens.disable_token(entry.pk, actor=request.user.pk, at=clock.now())
    messages.success(request, _("%(token)s disabled. Its next call answers 401.") % {"token": entry.name})
    return redirect("console:tokens")


@require_POST
@team_page("tokens.change")
def enable(request: HttpRequest, team: TeamAccess, token: str) -> HttpResponse:
    entry = _token_of(team, token)
    tokens.enable_token(entry.pk, actor=request.user.pk, at=clock.now())
    messages.success(request, _("%(token)s enabled.") % {"token": entry.name})
    return redirect("console:tokens")


@require_http_methods(["GET", "POST"])
@team_page("tokens.change")
def delete(request: HttpRequest, team: TeamAccess, token: str) -> HttpResponse:
    """Asks on GET: as a dialog over the list where htmx asked, as a page of its own otherwise."""
    entry = _token_of(team, token)
    if request.method == "POST":
        tokens.delete_token(entry.pk, actor=request.user.pk, at=clock.now())
        messages.success(request, _("%(token)s deleted. The balance is as it was.") % {"token": entry.name})
        return redirect("console:tokens")
    page = "console/_token_delete.html" if "HX-Request" in request.headers else "console/token_delete.html"
    return render(request, page, {"token": entry, "row": token_row(relay.token_use(entry))})


def _token_of(team: TeamAccess, public_id: str) -> Any:
    token = relay.token_by_public_id(team.id, public_id)
    if token is None:
        raise Http404
    return token
