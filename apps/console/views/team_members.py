"""Who gets into the team, and as what: invitations, roles, removal, leaving. Who gets in asks for a recent sign-in."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from apps.console import departures
from apps.console.decorators import after_recent_sign_in, shared_team_page
from apps.console.forms.teams import InvitationForm, RoleForm, TeamForm
from apps.console.shell import TEAM_KEY
from apps.console.words.teams import ROLE_NAMES
from apps.core import clock
from apps.core.errors import SluiceError
from apps.relay import queries as relay
from apps.teams import queries, services
from apps.teams.types import Member, OpenInvitation, TeamAccess


@require_http_methods(["GET", "HEAD", "POST"])
@shared_team_page("members.change")
@after_recent_sign_in
def invite(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    form = InvitationForm(request.POST or None, access=team, initial={"role": "developer"})
    if request.method == "POST" and form.is_valid():
        email, role = form.cleaned_data["email"], form.cleaned_data["role"]
        try:
            sent = services.invite(team, email=email, role=role, at=clock.now())
        except SluiceError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Invitation sent to %(email)s.") % {"email": sent.email})
            return redirect("console:team")
    return render(request, "console/team/invite.html", {"form": form, "team": team})


@require_http_methods(["GET", "HEAD", "POST"])
@shared_team_page("members.change")
@after_recent_sign_in
def resend(request: HttpRequest, team: TeamAccess, invitation: str) -> HttpResponse:
    found = _invitation_of(team, invitation)
    form = TeamForm(request.POST or None, access=team)
    if request.method == "POST" and form.is_valid():
        try:
            services.resend_invitation(team, invitation, at=clock.now())
        except SluiceError as error:
            form.refuse(error)
        else:
            messages.success(request, _("A new mail is on its way to %(email)s.") % {"email": found.email})
            return redirect("console:team")
    return render(request, "console/team/resend.html", {"form": form, "team": team, "invitation": found})


@require_POST
@shared_team_page("members.change")
def withdraw(request: HttpRequest, team: TeamAccess, invitation: str) -> HttpResponse:
    """One that was answered a moment ago is gone either way, and the page shows how."""
    found = _invitation_of(team, invitation)
    try:
        services.withdraw_invitation(team, invitation, at=clock.now())
    except SluiceError as error:
        messages.error(request, str(error.text))
    else:
        messages.success(request, _("The invitation of %(email)s is withdrawn.") % {"email": found.email})
    return redirect("console:team")


@require_http_methods(["GET", "HEAD", "POST"])
@shared_team_page("members.change")
@after_recent_sign_in
def change_role(request: HttpRequest, team: TeamAccess, member: str) -> HttpResponse:
    found = _member_of(team, member)
    form = RoleForm(request.POST or None, access=team, initial={"role": found.role})
    if request.method == "POST" and form.is_valid():
        try:
            services.change_role(team, found.user_id, role=form.cleaned_data["role"], at=clock.now())
        except SluiceError as error:
            form.refuse(error)
        else:
            words = {"name": found.shown_name, "role": ROLE_NAMES[form.cleaned_data["role"]]}
            messages.success(request, _("New role of %(name)s: %(role)s.") % words)
            return redirect("console:team")
    return render(request, "console/team/role.html", {"form": form, "team": team, "member": found})


@require_http_methods(["GET", "HEAD", "POST"])
@shared_team_page("members.change")
@after_recent_sign_in
def remove(request: HttpRequest, team: TeamAccess, member: str) -> HttpResponse:
    """Says beforehand which API tokens it hits."""
    found = _member_of(team, member)
    form = TeamForm(request.POST or None, access=team)
    if request.method == "POST" and form.is_valid():
        try:
            stopped = departures.remove_member(team, found.user_id, at=clock.now())
        except SluiceError as error:
            form.refuse(error)
        else:
            messages.success(request, _removed(found, stopped))
            return redirect("console:team")
    tokens = relay.enabled_names_of_creator(team.id, found.user_id)
    context = {"form": form, "team": team, "member": found, "tokens": tokens}
    return render(request, "console/team/remove.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@shared_team_page("team.view")
def leave(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    """The reader's own way out; says beforehand which API tokens it hits. The owner is told what to do first."""
    form = TeamForm(request.POST or None, access=team)
    if request.method == "POST" and form.is_valid():
        try:
            departures.leave_team(team, at=clock.now())
        except SluiceError as error:
            form.refuse(error)
        else:
            request.session.pop(TEAM_KEY, None)
            messages.success(
                request, _("You left %(team)s. Your personal team pays from now on.") % {"team": team.name}
            )
            return redirect("console:home")
    tokens = relay.enabled_names_of_creator(team.id, team.user_id)
    context = {"form": form, "team": team, "tokens": tokens, "is_owner": team.may("team.transfer")}
    return render(request, "console/team/leave.html", context)


def _removed(member: Member, stopped: int) -> str:
    words = {"name": member.shown_name, "stopped": stopped}
    if not stopped:
        return _("%(name)s is removed.") % words
    text = ngettext(
        "%(name)s is removed; %(stopped)s API token is disabled.",
        "%(name)s is removed; %(stopped)s API tokens are disabled.",
        stopped,
    )
    return text % words


def _member_of(team: TeamAccess, member: str) -> Member:
    found = queries.member_by_public_id(team.id, member)
    if found is None:
        raise Http404
    return found


def _invitation_of(team: TeamAccess, invitation: str) -> OpenInvitation:
    found = queries.invitation_by_public_id(team.id, invitation, at=clock.now())
    if found is None:
        raise Http404
    return found
