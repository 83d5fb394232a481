"""API tokens of the current team: the list, and one page for each act on one of them."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.console.amounts import plain_figure
from apps.console.decorators import team_page
from apps.console.forms.tokens import TokenForm
from apps.console.limit_rows import notices_of_tokens, token_row
from apps.console.readers import reader_of
from apps.core import clock
from apps.core.errors import SluiceError
from apps.relay import queries as relay
from apps.relay import services as tokens
from apps.relay.queries import TokenUse
from apps.teams.types import TeamAccess


@require_safe
@team_page("tokens.view")
def token_list(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    at = clock.now()
    entries = relay.tokens_of(team.id)
    if tokens.refill_due(entries, at=at):
        entries = relay.tokens_of(team.id)
    rows = [token_row(entry) for entry in entries]
    context = {
        "rows": rows,
        "notices": notices_of_tokens(entries),
        "may_change": team.may("tokens.change"),
        "shows_creators": not team.is_personal,
        "room": settings.TOKENS_PER_TEAM - len(rows),
        "most": settings.TOKENS_PER_TEAM,
        "now": at,
    }
    return render(request, "console/tokens/list.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@team_page("tokens.change")
def create(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    """The answer to the form is the one page that ever shows the secret; it is kept nowhere, so nothing redirects."""
    form = TokenForm(request.POST or None, reader=reader_of(request), at=clock.now())
    if request.method == "POST" and form.is_valid():
        try:
            token, secret = tokens.create_token(
                team.id,
                form.cleaned_data["name"],
                actor=request.user.pk,
                at=clock.now(),
                limit_nanos=form.cleaned_data["limit"],
                reset=form.cleaned_data["reset"],
                model_codes=form.cleaned_data["models"],
            )
        except SluiceError as error:
            form.refuse(error)
        else:
            context = {"token": token, "secret": secret, "base_url": f"{settings.PUBLIC_URL}/v1"}
            return render(request, "console/tokens/created.html", context)
    return render(request, "console/tokens/new.html", {"form": form, "reader": reader_of(request)})


@require_http_methods(["GET", "HEAD", "POST"])
@team_page("tokens.change")
def edit(request: HttpRequest, team: TeamAccess, token: str) -> HttpResponse:
    reader = reader_of(request)
    entry = _token_of(team, token)
    initial = {
        "name": entry.name,
        "limit": plain_figure(entry.limit_nanos, reader.rate_of(reader.unit)),
        "whole_balance": not entry.limit_nanos,
        "reset": entry.reset,
        "models": "\n".join(entry.model_codes),
    }
    form = TokenForm(request.POST or None, initial=initial, reader=reader, at=clock.now())
    if request.method == "POST" and form.is_valid():
        try:
            tokens.change_token(entry.pk, actor=request.user.pk, at=clock.now(), **form.changed_terms())
        except SluiceError as error:
            form.refuse(error)
        else:
            messages.success(request, _("%(token)s saved.") % {"token": form.cleaned_data["name"]})
            return redirect("console:tokens")
    use = _use_of(entry)
    context = {
        "form": form,
        "token": entry,
        "row": token_row(use),
        "notices": notices_of_tokens([use]),
        "reader": reader,
    }
    return render(request, "console/tokens/edit.html", context)


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
    try:
        tokens.enable_token(entry.pk, actor=request.user.pk, at=clock.now())
    except SluiceError as error:
        messages.error(request, str(error.text))
    else:
        messages.success(request, _("%(token)s enabled.") % {"token": entry.name})
    return redirect("console:tokens")


@require_http_methods(["GET", "HEAD", "POST"])
@team_page("tokens.change")
def delete(request: HttpRequest, team: TeamAccess, token: str) -> HttpResponse:
    """Asks on GET: as a dialog over the list where htmx asked, as a page of its own otherwise."""
    entry = _token_of(team, token)
    if request.method == "POST":
        tokens.delete_token(entry.pk, actor=request.user.pk, at=clock.now())
        messages.success(request, _("%(token)s deleted. The balance is as it was.") % {"token": entry.name})
        return redirect("console:tokens")
    page = "console/tokens/_delete.html" if "HX-Request" in request.headers else "console/tokens/delete.html"
    return render(request, page, {"token": entry, "row": token_row(relay.token_use(entry))})


def _use_of(token: Any) -> TokenUse:
    use = relay.token_use(token)
    return relay.token_use(token) if tokens.refill_due([use], at=clock.now()) else use


def _token_of(team: TeamAccess, public_id: str) -> Any:
    token = relay.token_by_public_id(team.id, public_id)
    if token is None:
        raise Http404
    return token
