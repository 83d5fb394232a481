"""When the current team is warned of a low balance, who is told, and how long the balance lasts now."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.console.amounts import plain_figure
from apps.console.decorators import team_page
from apps.console.forms.balance_watch import WatchForm
from apps.console.readers import reader_of
from apps.console.shell import shell_of
from apps.core import clock
from apps.teams import queries as teams
from apps.teams.types import TeamAccess
from apps.usage import queries as usage_queries
from apps.usage import services as usage


@require_http_methods(["GET", "HEAD", "POST"])
@team_page("wallet.change")
def alerts(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    reader, at = reader_of(request), clock.now()
    watch = usage_queries.watches_of([team.id])[team.id]
    initial = {"days": watch.days, "amount": plain_figure(watch.amount_nanos, reader.rate_of(reader.unit))}
    form = WatchForm(request.POST if request.method == "POST" else None, initial=initial, reader=reader)
    if request.method == "POST" and form.is_valid():
        amount = form.cleaned_data["amount"] if "amount" in form.changed_data else watch.amount_nanos
        usage.watch_balance(team, days=form.cleaned_data["days"], amount_nanos=amount, at=at)
        messages.success(request, _("The warning is saved."))
        return redirect("console:alerts")
    available = shell_of(request).payer.balance.available_nanos
    context = {
        "form": form,
        "reader": reader,
        "forecast": usage_queries.forecast_of(team.id, available_nanos=available, at=at),
        "people": teams.people_to_tell([team.wallet_id])[team.wallet_id].people,
        "may_have_webhooks": team.may("webhooks.change"),
    }
    return render(request, "console/alerts.html", context)
