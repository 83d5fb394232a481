"""The reader's own personal access tokens: the list, a new one, and the end of one."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from apps.console.decorators import after_recent_sign_in, own_page
from apps.console.forms.access_tokens import ENDS, SCOPE_WORDS, AccessTokenForm, team_label
from apps.console.readers import signed_in
from apps.console.shell import shell_of
from apps.core import clock
from apps.core.errors import SluiceError
from apps.teams import limits, queries, services
from apps.teams.types import NewPersonalToken, PersonalTokenEntry

if TYPE_CHECKING:
    from apps.accounts.models import User

_ENDED_SHOWN: Final = 20
_SOON: Final = timedelta(days=7)


@require_safe
@own_page
def token_list(request: HttpRequest) -> HttpResponse:
    at, reader = clock.now(), signed_in(request)
    live = queries.live_tokens_of(reader.pk, at=at)
    ended = queries.ended_tokens_of(reader.pk, at=at, at_most=_ENDED_SHOWN)
    context = {
        "rows": [_row(entry, reader=reader, at=at) for entry in live],
        "ended": [_row(entry, reader=reader, at=at) for entry in ended],
        "has_room": limits.has_room(len(live), most=settings.PERSONAL_TOKENS_PER_USER),
        "most": settings.PERSONAL_TOKENS_PER_USER,
        "base_url": settings.PUBLIC_URL,
    }
    return render(request, "console/access_tokens/list.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@own_page
@after_recent_sign_in
def create(request: HttpRequest) -> HttpResponse:
    """The answer to the form is the one page that ever shows the secret; it is kept nowhere, so nothing redirects."""
    at, shell = clock.now(), shell_of(request)
    teams = [payer.team for payer in shell.payers]
    initial = {"team": shell.payer.team.public_id}
    form = AccessTokenForm(
        request.POST or None, initial=initial, reader=signed_in(request).get_short_name(), teams=teams, at=at
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_personal_access_token(
                form.chosen_team,
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                expires_at=form.expires_at,
                at=at,
            )
        except SluiceError as error:
            form.refuse(error)
        else:
            return _shown_once(request, made)
    return render(request, "console/access_tokens/new.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
def revoke(request: HttpRequest, token: str) -> HttpResponse:
    """Asks on GET: as a dialog over the list where htmx asked, as a page of its own otherwise."""
    at, reader = clock.now(), signed_in(request)
    found = queries.token_entry(reader.pk, token, at=at)
    if found is None:
        raise Http404
    row_id, entry = found
    if request.method == "POST":
        services.revoke_personal_access_token(reader.pk, row_id, at=at)
        messages.success(request, _("%(token)s revoked. It is refused from now on.") % {"token": entry.name})
        return redirect("console:access_tokens")
    page = (
        "console/access_tokens/_revoke.html" if "HX-Request" in request.headers else "console/access_tokens/revoke.html"
    )
    return render(request, page, {"token": entry})


def _shown_once(request: HttpRequest, made: NewPersonalToken) -> HttpResponse:
    team = made.token.team
    context = {
        "made": made,
        "team_name": team_label(team.name, is_personal=team.is_personal, reader=signed_in(request).get_short_name()),
        "scopes": [words[0] for scope, words in SCOPE_WORDS.items() if scope in made.token.scopes],
        "base_url": settings.PUBLIC_URL,
    }
    return render(request, "console/access_tokens/created.html", context)


def _row(entry: PersonalTokenEntry, *, reader: "User", at: datetime) -> dict[str, Any]:
    return {
        "token": entry,
        "team_name": team_label(entry.team_name, is_personal=entry.is_personal, reader=reader.get_short_name()),
        "scopes": [SCOPE_WORDS[scope][0] for scope in entry.scopes],
        "ends_soon": entry.expires_at - at <= _SOON,
        "end": ENDS.get(entry.state, ""),
    }
