"""Price alerts of the current team: its webhooks are told, as far as one of them takes these events."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.console.decorators import team_page
from apps.console.forms.price_alerts import WishForm
from apps.console.words.prices import about_words, terms_words
from apps.core import clock
from apps.core.errors import SluiceError
from apps.journal import queries as journal
from apps.marketplace import queries
from apps.marketplace import services as marketplace
from apps.marketplace.errors import AlertMissing, WishInvalid
from apps.marketplace.types import MODEL_LAUNCHED, PRICE_CHANGED
from apps.teams.types import TeamAccess

EVENTS = {PRICE_CHANGED.code, MODEL_LAUNCHED.code}


@require_http_methods(["GET", "HEAD", "POST"])
@team_page("webhooks.change")
def page(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    at = clock.now()
    targets = queries.alert_targets(queries.sight_of_team(team.id, at=at))
    form = WishForm(request.POST if request.method == "POST" else None, targets=targets)
    if request.method == "POST" and form.is_valid():
        try:
            marketplace.add_team_alert(form.wish, team, at=at)
        except WishInvalid as error:
            form.refuse(error)
        except SluiceError as error:
            form.add_error(None, str(error.text))
        else:
            messages.success(request, _("The alert is set. The webhooks hear of changes from now on."))
            return redirect("console:team_price_alerts")
    rows = [
        (card.public_id, about_words(card.wish.subject, card.wish.code, card.name), terms_words(card.wish))
        for card in queries.alerts_of_team(team.id)
    ]
    context = {"form": form, "rows": rows, "is_heard": _is_heard(team)}
    return render(request, "console/webhooks/price_alerts.html", context)


@require_POST
@team_page("webhooks.change")
def end(request: HttpRequest, team: TeamAccess, alert: str) -> HttpResponse:
    try:
        marketplace.end_team_alert(team, alert, at=clock.now())
    except AlertMissing as error:
        raise Http404 from error
    messages.success(request, _("The alert has ended."))
    return redirect("console:team_price_alerts")


def _is_heard(team: TeamAccess) -> bool:
    """Whether an address that works takes one of these events."""
    endpoints = journal.endpoints_of(team.public_id)
    return any(one.verified_at and not one.disabled_at and EVENTS & set(one.kinds) for one in endpoints)
