"""The page of one model: what it costs, would cost, did cost; how it is called, and the reader's own limits."""

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from apps.announcements import queries as announcements
from apps.console.catalogue.caller_limits import limits_of_team
from apps.console.catalogue.model_page import ModelPage, model_page
from apps.console.catalogue.offers import offers_of
from apps.console.forms.estimates import EstimateForm
from apps.console.public_pages import LANGUAGE, keep_page, public_page
from apps.console.readers import billing_city, reader_of, zone_of
from apps.console.shell import paying_team
from apps.core import clock
from apps.marketplace import queries as marketplace
from apps.teams import queries as teams
from apps.teams.types import GroupTerms, TeamAccess


@public_page
def model(request: HttpRequest, model_id: str) -> HttpResponse:
    """404 for a model that the reader's team does not see, as for one that does not exist."""
    at = clock.now()
    team = paying_team(request)
    found = marketplace.model_in_reach(model_id, marketplace.reach_of(team.id if team else None, at=at), at=at)
    if found is None:
        raise Http404
    group = teams.group_terms(found.group)
    reader = reader_of(request)
    page = model_page(found, credits_per_usd=reader.credits_per_usd, at=at)
    context = {
        "page": page,
        "model": found.card,
        "group": group,
        "multiplier": f"{found.multiplier.normalize():f}",
        "is_multiplied": found.multiplier != 1,
        "group_changes_at": group.multiplier.change_after(at),
        "reader": reader,
        "city": "" if request.user.is_authenticated else billing_city(),
        "offers": list(offers_of(page, credits_per_usd=reader.credits_per_usd)),
        "announcement": _announcement(page, team, at),
        "limits": limits_of_team(team, group, at=at) if team and page.is_callable else None,
        **_estimate(request, page),
    }
    with timezone.override(zone_of(request)):
        response = render(request, "site/model/page.html", context)
    return keep_page(request, response, at=at, until=_next_change(page, group, at))


def _announcement(page: ModelPage, team: TeamAccess | None, at: datetime) -> str:
    """The public id of the entry that announced the coming price; empty where the reader sees none."""
    row = page.announced.entry_row if page.announced else None
    if row is None:
        return ""
    viewer = announcements.viewer_of([team.id] if team else None, at=at)
    entry = announcements.entries_by_id([row], viewer, at=at).get(row)
    return entry.public_id if entry else ""


def _estimate(request: HttpRequest, page: ModelPage) -> dict[str, object]:
    """The calculator, for a model that can be called."""
    if page.price is None or not page.is_callable:
        return {}
    price = page.price.point.price_list
    longest = page.model.card.display_config.get("context_length")
    form = EstimateForm(request.GET.dict(), price, longest_input=longest)
    found = form.estimated(multiplier=page.model.multiplier)
    rows = [] if found is None else page.price.rows_of(found)
    return {"form": form, "estimate": found, "current_rows": rows, "language_asked": request.GET.get(LANGUAGE, "")}


def _next_change(page: ModelPage, group: GroupTerms, at: datetime) -> datetime | None:
    """When the page says something else: an announced price or multiplier begins."""
    changes = [page.announced.starts_at if page.announced else None, group.multiplier.change_after(at)]
    return min((change for change in changes if change is not None), default=None)
