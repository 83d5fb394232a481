"""Verification of the reader and of the current team: how it stands, and one page for each way to apply."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.console.decorators import own_page, team_page
from apps.console.forms.verification import OrganisationForm, PersonForm
from apps.console.verification_offer import Offer, verification_offer
from apps.core import clock
from apps.core.errors import Conflict, SluiceError
from apps.teams.types import TeamAccess
from apps.verification import queries, services
from apps.verification.types import ENTERPRISE, PERSONAL, Applicant, VerificationState

Act = Callable[..., str]
UPLOAD = "submit_documents"


@dataclass(frozen=True, slots=True)
class Kind:
    """The pages and the form of one kind of verification."""

    form: type[PersonForm] | type[OrganisationForm]
    page: str
    apply: str
    again: str


PERSON = Kind(PersonForm, "console:verification", "console:verification_apply", "console:verification_again")
ORGANISATION = Kind(
    OrganisationForm,
    "console:verification_team",
    "console:verification_team_apply",
    "console:verification_team_again",
)


@require_safe
@own_page
def own(request: HttpRequest) -> HttpResponse:
    state = queries.personal_of(_reader_id(request))
    context = {"state": state, "offer": _offer(request, PERSONAL), "may_apply": True, **_about(PERSON)}
    return render(request, "console/verification/own.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
def apply(request: HttpRequest) -> HttpResponse:
    return _applied(request, PERSON, Applicant(_reader_id(request)), services.submit)


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
def apply_again(request: HttpRequest) -> HttpResponse:
    return _applied(request, PERSON, Applicant(_reader_id(request)), services.resubmit)


@require_safe
@team_page("verification.view")
def of_team(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    context = {
        "team": team,
        "state": None if team.is_personal else queries.enterprise_of(team.id),
        "offer": None if team.is_personal else _offer(request, ENTERPRISE),
        "may_apply": team.may("verification.change"),
        **_about(ORGANISATION),
    }
    return render(request, "console/verification/team.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@team_page("verification.change")
def apply_for_team(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    return _applied(request, ORGANISATION, Applicant(team.user_id, team), services.submit)


@require_http_methods(["GET", "HEAD", "POST"])
@team_page("verification.change")
def apply_for_team_again(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    return _applied(request, ORGANISATION, Applicant(team.user_id, team), services.resubmit)


def _applied(request: HttpRequest, kind: Kind, applicant: Applicant, act: Act) -> HttpResponse:
    """The form, and what becomes of it. Where there is nothing to apply for, the page that says how it stands."""
    state = (
        queries.personal_of(applicant.user_id) if applicant.team is None else queries.enterprise_of(applicant.team.id)
    )
    is_again = act is services.resubmit
    if not _makes_sense(state, applicant, is_again=is_again):
        return redirect(kind.page)
    if request.method == "POST" and (limited := ratelimit.consume_or_429(request, action=UPLOAD, user=request.user)):
        return cast(HttpResponse, limited)
    form = kind.form(request.POST or None, request.FILES or None, initial={"name": state.name if state else ""})
    if request.method == "POST" and form.is_valid():
        try:
            act(applicant, particulars=form.particulars(), uploads=form.uploads(), at=clock.now())
        except Conflict as error:
            messages.warning(request, str(error.text))
            return redirect(kind.page)
        except SluiceError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Submitted. You get a mail when it is decided."))
            return redirect(kind.page)
    context = {"form": form, "state": state, "is_again": is_again, "team": applicant.team, **_about(kind)}
    return render(request, "console/verification/form.html", context)


def _makes_sense(state: VerificationState | None, applicant: Applicant, *, is_again: bool) -> bool:
    if applicant.team is not None and applicant.team.is_personal:
        return False
    if is_again:
        return state is not None and state.status == "rejected"
    return state is None or not (state.is_open_or_approved or state.status == "rejected")


def _about(kind: Kind) -> dict[str, object]:
    return {"kind": kind, "document_days": settings.VERIFICATION_DOCUMENT_DAYS}


def _offer(request: HttpRequest, kind: str) -> Offer | None:
    joined_at = request.user.joined_at  # type: ignore[union-attr]
    return verification_offer(kind, joined_at=joined_at, language=get_language() or "en", at=clock.now())


def _reader_id(request: HttpRequest) -> int:
    return cast(int, request.user.pk)
