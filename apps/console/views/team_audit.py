"""The audit log of a team, as a page and as a file."""

from collections.abc import Iterator
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe

from apps.console.audit_log import AuditLine, TeamPeople, audit_chunks, audit_page, people_of
from apps.console.decorators import team_page
from apps.console.forms.audit import AuditFilterForm
from apps.core import clock
from apps.core.pagination import CursorInvalid, Page, parse_cursor
from apps.core.spreadsheet import csv_text, download, instant_text, safe_text
from apps.journal.types import TrailFilters
from apps.teams.types import TeamAccess

SIZE: Final = 50
COLUMNS: Final = ("at", "by", "act", "what", "reason")


@require_safe
@team_page("audit.view")
def audit(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    people = people_of(team)
    form = AuditFilterForm(request.GET, people=people)
    filters = form.filters(at=clock.now())
    page = _page(request, people, filters)
    context = {
        "team": team,
        "form": form,
        "lines": page.results,
        "filtered": filters != TrailFilters(),
        "newer": _query(request.GET, page.previous.as_text()) if page.previous else "",
        "older": _query(request.GET, page.next.as_text()) if page.next else "",
        "file_query": _query(request.GET, ""),
    }
    return render(request, "console/team/audit.html", context)


@require_safe
@team_page("audit.view")
def audit_file(request: HttpRequest, team: TeamAccess) -> HttpResponseBase:
    """Everything that the page shows under these filters, with instants in UTC."""
    people, at = people_of(team), clock.now()
    filters = AuditFilterForm(request.GET, people=people).filters(at=at)
    pieces = _csv(audit_chunks(people, filters), language=translation.get_language() or "en")
    return download(request, pieces, name=f"audit-log-{at:%Y-%m-%d}.csv")


def _csv(chunks: Iterator[list[AuditLine]], *, language: str) -> Iterator[str]:
    """Each piece is made when the reader takes it, on any thread: the language goes along."""
    yield csv_text([COLUMNS])
    while True:
        with translation.override(language):
            lines = next(chunks, None)
            piece = csv_text(map(_row, lines or ()))
        if lines is None:
            return
        yield piece


def _row(line: AuditLine) -> tuple[str, ...]:
    return (instant_text(line.at), *map(safe_text, (line.who, line.act, line.sentence, line.reason)))


def _page(request: HttpRequest, people: TeamPeople, filters: TrailFilters) -> Page[AuditLine]:
    """404 for a cursor of another list, or of nobody."""
    text = request.GET.get("cursor")
    try:
        return audit_page(people, filters, cursor=parse_cursor(text) if text else None, size=SIZE)
    except CursorInvalid as error:
        raise Http404 from error


def _query(query: QueryDict, cursor: str) -> str:
    changed = query.copy()
    changed.pop("cursor", None)
    if cursor:
        changed["cursor"] = cursor
    return changed.urlencode()
