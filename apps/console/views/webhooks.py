"""Webhooks of the current team: the list, a new one, one with its deliveries, and a page or button for each act."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.console.decorators import after_recent_sign_in, team_page
from apps.console.forms.webhooks import EventsForm, WebhookForm
from apps.console.mail.notice_kinds import KINDS
from apps.console.words.webhooks import reason_words
from apps.core import clock
from apps.core.errors import SluiceError
from apps.journal import queries
from apps.journal import services as journal
from apps.journal.types import CHALLENGE, TEST, Delivery, Endpoint
from apps.teams.types import TeamAccess

_DELIVERIES: Final = 20
_OWN_KINDS: Final = {CHALLENGE: gettext_lazy("Challenge"), TEST: gettext_lazy("Test")}


@dataclass(frozen=True, slots=True)
class State:
    """How it stands with an address or a delivery: a word and its tone."""

    word: str
    tone: str = ""


@require_safe
@team_page("webhooks.change")
def webhook_list(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    endpoints = queries.endpoints_of(team.public_id)
    context = {
        "rows": [(endpoint, _state_of(endpoint)) for endpoint in endpoints],
        "most": journal.ENDPOINTS_AT_MOST,
        "has_room": len(endpoints) < journal.ENDPOINTS_AT_MOST,
        "team": team,
    }
    return render(request, "console/webhooks/list.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@team_page("webhooks.change")
@after_recent_sign_in
def create(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    """The answer to the form is a page that shows the secret; it is shown nowhere else, so nothing redirects."""
    form = WebhookForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = journal.add_endpoint(
                team.public_id,
                url=form.cleaned_data["url"],
                kinds=form.cleaned_data["kinds"],
                actor=team.user_id,
                at=clock.now(),
            )
        except SluiceError as error:
            form.refuse(error)
        else:
            return _secret_page(request, made.endpoint_id, made.secret, is_new=True)
    return render(request, "console/webhooks/new.html", {"form": form, "team": team})


@require_http_methods(["GET", "HEAD", "POST"])
@team_page("webhooks.change")
def webhook(request: HttpRequest, team: TeamAccess, endpoint: str) -> HttpResponse:
    """One address: how it stands, which events it gets, and what went there last."""
    found = _endpoint_of(team, endpoint)
    form = EventsForm(request.POST if request.method == "POST" else None, initial={"kinds": found.kinds})
    if request.method == "POST" and form.is_valid():
        kinds = form.cleaned_data["kinds"]
        journal.change_endpoint(team.public_id, endpoint, kinds=kinds, actor=team.user_id, at=clock.now())
        messages.success(request, _("The choice of events is saved."))
        return redirect("console:webhook", endpoint)
    context = {
        "endpoint": found,
        "host": journal.host_of(found.url),
        "state": _state_of(found),
        "reason": reason_words(found.reason),
        "form": form,
        "deliveries": [_row(row) for row in queries.deliveries_to(endpoint, at_most=_DELIVERIES)],
        "is_open": found.verified_at is not None and found.disabled_at is None,
    }
    return render(request, "console/webhooks/one.html", context)


@require_POST
@team_page("webhooks.change")
def challenge(request: HttpRequest, team: TeamAccess, endpoint: str) -> HttpResponse:
    said = _("The challenge is on its way. Reload this page in a few seconds.")
    return _asked(request, team, endpoint, by=journal.challenge_again, said=said)


@require_POST
@team_page("webhooks.change")
def send_test(request: HttpRequest, team: TeamAccess, endpoint: str) -> HttpResponse:
    said = _("A test is on its way. Reload this page in a few seconds.")
    return _asked(request, team, endpoint, by=journal.queue_test, said=said)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@team_page("webhooks.change")
@after_recent_sign_in
def rotate(request: HttpRequest, team: TeamAccess, endpoint: str) -> HttpResponse:
    """Asks on GET; the answer to the form is the one page that shows the new secret."""
    found = _endpoint_of(team, endpoint)
    if request.method == "POST":
        secret = journal.rotate_secret(team.public_id, endpoint, actor=team.user_id, at=clock.now())
        return _secret_page(request, endpoint, secret, is_new=False)
    return render(request, "console/webhooks/rotate.html", {"endpoint": found})


@require_http_methods(["GET", "HEAD", "POST"])
@team_page("webhooks.change")
def remove(request: HttpRequest, team: TeamAccess, endpoint: str) -> HttpResponse:
    found = _endpoint_of(team, endpoint)
    if request.method == "POST":
        journal.remove_endpoint(team.public_id, endpoint, actor=team.user_id, at=clock.now())
        messages.success(request, _("The webhook is removed. Nothing goes there any more."))
        return redirect("console:webhooks")
    return render(request, "console/webhooks/remove.html", {"endpoint": found})


def _asked(
    request: HttpRequest, team: TeamAccess, endpoint: str, *, by: Callable[..., bool], said: str
) -> HttpResponse:
    _endpoint_of(team, endpoint)
    if by(team.public_id, endpoint, at=clock.now()):
        messages.success(request, said)
    else:
        messages.warning(request, _("One is on its way already. Wait a minute before the next one."))
    return redirect("console:webhook", endpoint)


def _secret_page(request: HttpRequest, endpoint: str, secret: str, *, is_new: bool) -> HttpResponse:
    context = {"endpoint_id": endpoint, "secret": secret, "is_new": is_new}
    return render(request, "console/webhooks/secret.html", context)


def _endpoint_of(team: TeamAccess, endpoint: str) -> Endpoint:
    found = queries.endpoint_of(team.public_id, endpoint)
    if found is None:
        raise Http404
    return found


def _state_of(endpoint: Endpoint) -> State:
    if endpoint.disabled_at is not None:
        return State(_("Turned off"), "critical")
    if endpoint.verified_at is None:
        return State(_("Waiting for its answer"), "caution")
    return State(_("Failing"), "caution") if endpoint.failing_since else State(_("Verified"), "positive")


def _row(row: Delivery) -> tuple[Delivery, str | Promise, State, str]:
    name = _OWN_KINDS.get(row.kind) or (KINDS[row.kind].label if row.kind in KINDS else row.kind)
    return row, name, _outcome_of(row), reason_words(row.last_error)


def _outcome_of(row: Delivery) -> State:
    if row.sent_at is not None:
        return State(_("Delivered"), "positive")
    if row.failed_at is not None:
        return State(_("Given up"), "critical")
    return State(_("Waiting again"), "caution") if row.attempts else State(_("Queued"))
