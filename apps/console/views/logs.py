"""Calls of the current team, newest first; one of them open."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.functional import Promise
from django.views.decorators.http import require_safe

from apps.console.decorators import team_page
from apps.console.forms.logs import LogFilterForm
from apps.console.queries import explained_call
from apps.console.words.wallet import METER_NAMES, SOURCE_NAMES
from apps.core import clock
from apps.core.money import credits_text
from apps.core.pagination import CursorInvalid, Page, parse_cursor
from apps.marketplace import queries as marketplace
from apps.marketplace.rating import Line
from apps.relay import queries as relay
from apps.teams.types import TeamAccess
from apps.usage import queries as usage
from apps.usage.types import LogFilters, LoggedCall
from apps.wallet.types import DrawnFrom

SIZE: Final = 50


@dataclass(frozen=True, slots=True)
class LogRow:
    """A call as the list shows it; `link` opens it, or closes it when it is open."""

    call: LoggedCall
    token: str
    tone: str
    link: str
    is_open: bool

    @property
    def credits(self) -> str:
        return credits_text(self.call.charge_nanos)


@dataclass(frozen=True, slots=True)
class CostLine:
    line: Line
    name: str | Promise


@dataclass(frozen=True, slots=True)
class DrawLine:
    draw: DrawnFrom
    name: str | Promise


@require_safe
@team_page("logs.view")
def logs(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    names = relay.token_names(team.id)
    form = LogFilterForm(request.GET, tokens=names)
    filters = form.filters(at=clock.now())
    page = _page(request, team, filters)
    rows = [_row(call, names, request.GET) for call in page.results]
    opened = [row.call.price_version_id for row in rows if row.is_open]
    context = {
        "form": form,
        "rows": rows,
        "filtered": filters != LogFilters(),
        "shown_nanos": sum(row.call.charge_nanos for row in rows),
        "newer": _query(request.GET, cursor=page.previous.as_text()) if page.previous else "",
        "older": _query(request.GET, cursor=page.next.as_text()) if page.next else "",
        "price_version": marketplace.price_numbers(opened).get(opened[0]) if opened else None,
    }
    return render(request, "console/logs/list.html", context)


@require_safe
@team_page("logs.view")
def call(request: HttpRequest, team: TeamAccess, request_id: str) -> HttpResponse:
    found = explained_call(team.id, request_id)
    if found is None:
        raise Http404
    logged, cost = found.detail.logged, found.cost
    context = {
        "explained": found,
        "call": logged,
        "tone": tone_of(logged.status),
        "token": relay.token_names(team.id).get(logged.token_id, "–"),
        "lines": [CostLine(line, METER_NAMES.get(line.meter, line.meter)) for line in cost.lines] if cost else [],
        "multiplier": format(found.detail.multiplier.normalize(), "f"),
        "draws": [DrawLine(draw, SOURCE_NAMES[draw.source]) for draw in found.draws],
        "quantities": found.detail.quantities,
    }
    return render(request, "console/logs/call.html", context)


def tone_of(status: int) -> str:
    """Good, the caller's doing, or ours."""
    if status < 400:
        return "positive"
    return "caution" if status < 500 else "critical"


def _row(call: LoggedCall, names: Mapping[int, str], query: QueryDict) -> LogRow:
    is_open = query.get("call") == call.request_id
    link = _query(query, call="" if is_open else call.request_id)
    return LogRow(call, names.get(call.token_id, "–"), tone_of(call.status), link, is_open)


def _page(request: HttpRequest, team: TeamAccess, filters: LogFilters) -> Page[LoggedCall]:
    """404 for a cursor of another list, or of nobody."""
    text = request.GET.get("cursor")
    try:
        return usage.log_page(team.id, filters, cursor=parse_cursor(text) if text else None, size=SIZE)
    except CursorInvalid as error:
        raise Http404 from error


def _query(query: QueryDict, **changes: str) -> str:
    """The page's query with these changes; a new page opens no call."""
    changed = query.copy()
    changed.pop("call", None)
    for name, value in changes.items():
        changed[name] = value
    return changed.urlencode()
