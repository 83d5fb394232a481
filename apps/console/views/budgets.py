"""What the current team and its members may spend: the page, and one form for each budget."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.console.decorators import after_recent_sign_in, team_page
from apps.console.forms.budgets import BudgetForm
from apps.console.limit_rows import LimitRow, row_of
from apps.console.readers import reader_of
from apps.core import clock
from apps.core.errors import SluiceError
from apps.teams import queries, services
from apps.teams.types import Member, TeamAccess, TeamBudgets
from apps.wallet.types import LimitUse

Read = Callable[[], LimitUse | None]
Change = Callable[[int | None, str], None]


@dataclass(frozen=True, slots=True)
class MemberRow:
    """`row` is None for a member whose calls nobody counts."""

    member: Member
    row: LimitRow | None


@require_safe
@team_page("team.view")
def budgets(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    found = services.budgets_now(team.id, at=clock.now())
    context = {
        "team_row": row_of(found.team),
        "rows": member_rows(queries.members_of(team.id), found),
        "may_change": team.may("budgets.change"),
    }
    return render(request, "console/budgets/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@team_page("budgets.change")
@after_recent_sign_in
def of_team(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    at = clock.now()

    def read() -> LimitUse | None:
        return services.budgets_now(team.id, at=at).team

    def change(limit_nanos: int | None, refill: str) -> None:
        services.set_team_budget(team, limit_nanos=limit_nanos, refill=refill, at=at)

    return _form_page(request, read, change, member=None)


@require_http_methods(["GET", "HEAD", "POST"])
@team_page("budgets.change")
@after_recent_sign_in
def of_member(request: HttpRequest, team: TeamAccess, member: str) -> HttpResponse:
    at = clock.now()
    found = queries.member_by_public_id(team.id, member)
    if found is None:
        raise Http404
    user_id = found.user_id

    def read() -> LimitUse | None:
        return services.budgets_now(team.id, at=at).member(user_id)

    def change(limit_nanos: int | None, refill: str) -> None:
        services.set_member_budget(team, user_id, limit_nanos=limit_nanos, refill=refill, at=at)

    return _form_page(request, read, change, member=found)


def member_rows(members: list[Member], found: TeamBudgets) -> list[MemberRow]:
    return [MemberRow(member, row_of(found.member(member.user_id))) for member in members]


def _form_page(request: HttpRequest, read: Read, change: Change, *, member: Member | None) -> HttpResponse:
    reader, use = reader_of(request), read()
    form = BudgetForm(request.POST or None, reader=reader, use=use, at=clock.now())
    if request.method == "POST" and form.is_valid():
        try:
            change(form.cleaned_data["limit"], form.cleaned_data["refill"])
        except SluiceError as error:
            form.refuse(error)
        else:
            _tell(request, read(), member=member)
            return redirect("console:budgets")
    context = {"form": form, "reader": reader, "row": row_of(use), "member": member}
    return render(request, "console/budgets/edit.html", context)


def _tell(request: HttpRequest, use: LimitUse | None, *, member: Member | None) -> None:
    """What is so from now on; a budget that is smaller than what is used stops calls at once, and says so."""
    name = {"name": member.shown_name} if member else {}
    if use is None or use.limit_nanos is None:
        text = _("%(name)s has no budget now.") if member else _("The team has no budget now.")
    else:
        text = _("The budget of %(name)s is saved.") if member else _("The team budget is saved.")
    messages.success(request, text % name)
    if use is not None and use.remaining_nanos == 0:
        messages.warning(request, _("It is used up already: calls that count on it answer 402 from now on."))
