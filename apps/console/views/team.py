"""The team that pays: who is in it, who is asked, what each role may do. New teams, and new names."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.console.decorators import after_recent_sign_in, own_page, shared_team_page, team_page
from apps.console.forms.teams import NewTeamForm, TeamNameForm, TransferForm
from apps.console.limit_rows import LimitRow, row_of
from apps.console.shell import TEAM_KEY, shell_of
from apps.console.words.teams import ROLE_NAMES, permission_rows
from apps.core import clock
from apps.core.errors import SluiceError
from apps.teams import queries, services
from apps.teams.types import Member, OpenInvitation, TeamAccess, TeamBudgets


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member as the table shows one. `may_change`: the reader may give another role, or remove."""

    member: Member
    role: str | Promise
    is_reader: bool
    may_change: bool
    budget: LimitRow | None


@dataclass(frozen=True, slots=True)
class InvitationRow:
    invitation: OpenInvitation
    role: str | Promise


@require_safe
@team_page("team.view")
def team(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    at = clock.now()
    members, budgets = queries.members_of(team.id), services.budgets_now(team.id, at=at)
    may_invite = team.may("members.change") and not team.is_personal
    invitations = queries.invitations_of(team.id, at=at) if may_invite else []
    context = {
        "team": team,
        "members": _member_rows(team, members, budgets),
        "budget": row_of(budgets.team),
        "invitations": [InvitationRow(one, ROLE_NAMES[one.role]) for one in invitations],
        "owner": next(member for member in members if member.role == "owner"),
        "most": settings.MEMBERS_PER_TEAM,
        "balance": shell_of(request).payer.balance,
        "own_role": ROLE_NAMES[team.role],
        "may_invite": may_invite,
        "may_rename": team.may("team.change") and not team.is_personal,
        "may_transfer": team.may("team.transfer") and not team.is_personal,
        "roles": ROLE_NAMES,
        "permissions": permission_rows(),
    }
    return render(request, "console/team/team.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
def create(request: HttpRequest) -> HttpResponse:
    """The new team pays for what the reader does next."""
    form = NewTeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_team(form.cleaned_data["name"], owner=request.user, at=clock.now())  # type: ignore[arg-type]
        except SluiceError as error:
            form.refuse(error)
        else:
            request.session[TEAM_KEY] = made.public_id
            messages.success(request, _("%(team)s is there, and pays from now on.") % {"team": made.name})
            return redirect("console:team")
    return render(request, "console/team/new.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@shared_team_page("team.change")
def rename(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    form = TeamNameForm(request.POST or None, access=team, initial={"name": team.name})
    if request.method == "POST" and form.is_valid():
        try:
            services.rename_team(team, name=form.cleaned_data["name"], at=clock.now())
        except SluiceError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Name saved."))
            return redirect("console:team")
    return render(request, "console/team/name.html", {"form": form, "team": team})


@require_http_methods(["GET", "HEAD", "POST"])
@shared_team_page("team.transfer")
@after_recent_sign_in
def transfer(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    heirs = [member for member in queries.members_of(team.id) if member.user_id != team.user_id]
    form = TransferForm(request.POST or None, access=team, heirs=heirs)
    if request.method == "POST" and form.is_valid():
        try:
            services.transfer_ownership(team, to_user_id=form.heir.user_id, at=clock.now())
        except SluiceError as error:
            form.refuse(error)
        else:
            said = _("%(name)s owns the team now. You are an admin.") % {"name": form.heir.shown_name}
            messages.success(request, said)
            return redirect("console:team")
    return render(request, "console/team/transfer.html", {"form": form, "team": team, "heirs": heirs})


def _member_rows(team: TeamAccess, members: Sequence[Member], budgets: TeamBudgets) -> list[MemberRow]:
    return [
        MemberRow(
            member=member,
            role=ROLE_NAMES[member.role],
            is_reader=member.user_id == team.user_id,
            may_change=team.may("members.change") and member.role != "owner" and member.user_id != team.user_id,
            budget=row_of(budgets.member(member.user_id)),
        )
        for member in members
    ]
