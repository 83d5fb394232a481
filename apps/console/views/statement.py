"""The statement of a team's wallet, as a page and as a file, and what the balance is made of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.functional import Promise
from django.views.decorators.http import require_safe

from apps.console.decorators import team_page
from apps.console.forms.statement import StatementForm
from apps.console.shell import shell_of
from apps.console.statement_csv import statement_csv
from apps.console.statement_days import Days
from apps.console.views.free_credit import FreeSwitch
from apps.console.words.wallet import MOVEMENT_NAMES, SOURCE_NAMES
from apps.core import clock
from apps.core.billing_calendar import business_date
from apps.core.ids import public_id
from apps.core.pagination import CursorInvalid, parse_cursor
from apps.core.spreadsheet import download
from apps.teams.types import TeamAccess
from apps.wallet import queries as wallet
from apps.wallet.statement_lines import Movement, Statement
from apps.wallet.types import LotState

SIZE: Final = 50
LOTS_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Line:
    """A movement as the page shows it. `lot` names the source of the credits that it took or gave."""

    movement: Movement
    name: str | Promise
    lot: str | Promise
    request_id: str
    day: str
    """Of a line that stands for a day's calls: the query that shows them one by one."""


@dataclass(frozen=True, slots=True)
class TotalLine:
    name: str | Promise
    nanos: int
    link: str


@dataclass(frozen=True, slots=True)
class LotLine:
    lot: LotState
    name: str | Promise


@require_safe
@team_page("wallet.view")
def statement(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    form = _form(request, team)
    found = _statement(request, team, form)
    lots = wallet.lots_of(team.wallet_id)
    sources = {lot.lot_id: SOURCE_NAMES[lot.source] for lot in lots}
    left = sorted((lot for lot in lots if lot.remaining_nanos), key=_end_of)
    dues = wallet.dues_of(team.wallet_id)
    page = found.page
    context = {
        "switch": FreeSwitch(
            is_on=wallet.is_free_only(team.wallet_id),
            free_nanos=sum(lot.remaining_nanos for lot in left if not lot.is_paid),
            paid_nanos=sum(lot.remaining_nanos for lot in left if lot.is_paid),
        ),
        "may_switch": team.may("wallet.change"),
        "form": form,
        "days": form.days,
        "found": found,
        "lines": [_line(movement, sources) for movement in page.results],
        "totals": [
            TotalLine(MOVEMENT_NAMES[total.code], total.amount_nanos, _query(request.GET, kind=total.code))
            for total in found.totals
        ],
        "incoming_nanos": sum(total.amount_nanos for total in found.totals if total.amount_nanos > 0),
        "outgoing_nanos": sum(total.amount_nanos for total in found.totals if total.amount_nanos < 0),
        "newer": _query(request.GET, cursor=page.previous.as_text()) if page.previous else "",
        "older": _query(request.GET, cursor=page.next.as_text()) if page.next else "",
        "all_kinds": _query(request.GET, kind=""),
        "balance": shell_of(request).payer.balance,
        "lots": [LotLine(lot, SOURCE_NAMES[lot.source]) for lot in left[:LOTS_SHOWN]],
        "more_lots": max(len(left) - LOTS_SHOWN, 0),
        "dues": dues,
        "arrears_nanos": sum(due.amount_nanos for due in dues),
        "may_see_calls": team.may("logs.view"),
    }
    return render(request, "console/statement/statement.html", context)


@require_safe
@team_page("wallet.view")
def statement_file(request: HttpRequest, team: TeamAccess) -> HttpResponseBase:
    """All kinds of movements, so that the file adds up."""
    form = _form(request, team)
    if not form.is_valid():
        raise Http404
    days, wallet_id = form.days, team.wallet_id
    name = f"statement-{days.first_on}-{days.last_on}.csv"
    return download(request, _csv(wallet_id, days), name=name)


def _csv(wallet_id: int, days: Days) -> Iterator[str]:
    period = days.period
    found = wallet.statement(wallet_id, period, size=1)
    opening = found.opening_nanos
    newest = found.page.results[:1]
    chunks: Iterator[list[Movement]] = iter(())
    if newest:
        last = (newest[0].at, newest[0].id)
        chunks = wallet.movements(wallet_id, period, opening_nanos=opening, last=last)
    return statement_csv(period, opening, chunks)


def _form(request: HttpRequest, team: TeamAccess) -> StatementForm:
    today = business_date(clock.now())
    first_at = wallet.first_movement_at(team.wallet_id)
    return StatementForm(request.GET, today=today, since=today if first_at is None else business_date(first_at))


def _statement(request: HttpRequest, team: TeamAccess, form: StatementForm) -> Statement:
    """404 for a cursor of another list, or of nobody."""
    text = request.GET.get("cursor")
    try:
        return wallet.statement(
            team.wallet_id,
            form.days.period,
            codes=form.codes,
            by_day=form.by_day,
            cursor=parse_cursor(text) if text else None,
            size=SIZE,
        )
    except CursorInvalid as error:
        raise Http404 from error


def _line(movement: Movement, sources: Mapping[UUID, str | Promise]) -> Line:
    on = movement.calls_on
    return Line(
        movement=movement,
        name=MOVEMENT_NAMES[movement.code],
        lot="" if movement.lot_id is None else sources.get(movement.lot_id, ""),
        request_id="" if movement.call_id is None else public_id("req", movement.call_id),
        day="" if on is None else _calls_of(on),
    )


def _calls_of(on: date) -> str:
    query = QueryDict(mutable=True)
    query.update({"period": Days(on, on).as_text(), "kind": "compute", "view": "calls"})
    return query.urlencode()


def _end_of(lot: LotState) -> tuple[bool, float]:
    """Soonest end first, those without one last."""
    return (lot.spend_until is None, lot.spend_until.timestamp() if lot.spend_until else 0.0)


def _query(query: QueryDict, **changes: str) -> str:
    """The page's query with these changes, from its first page on unless they say otherwise."""
    changed = query.copy()
    changed.pop("cursor", None)
    for name, value in changes.items():
        changed[name] = value
    return changed.urlencode()
