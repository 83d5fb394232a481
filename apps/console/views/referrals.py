"""The reader's own invitations: code and link, what they earn, who came, and rewards on their way to a balance."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.console.amounts import BALANCE_PLACES, amount_text
from apps.console.decorators import after_recent_sign_in, own_page
from apps.console.forms.access_tokens import team_label
from apps.console.forms.rewards import RewardTransferForm
from apps.console.readers import reader_of
from apps.console.shell import shell_of
from apps.console.words.campaigns import ACTS, Fact, facts_of, validity_words
from apps.core import clock
from apps.core.errors import SluiceError
from apps.core.money import credits_text
from apps.core.pagination import Cursor, CursorInvalid, parse_cursor
from apps.promotions import queries, services
from apps.promotions.errors import RewardsTooLow
from apps.promotions.types import Beneficiary, EarnedReward, Invitee, RewardStatus, Trigger, Version
from apps.teams.types import TeamAccess

CONFLICT = 409
_STATES = {
    RewardStatus.PENDING: ("caution", _("Pending")),
    RewardStatus.AVAILABLE: ("positive", _("Available")),
    RewardStatus.TRANSFERRED: ("", _("Transferred")),
    RewardStatus.REVERSED: ("", _("Reversed")),
    RewardStatus.BLOCKED: ("", _("Not granted")),
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What one act of an invitee is worth now."""

    title: str
    validity: str
    facts: Sequence[Fact]


@dataclass(frozen=True, slots=True)
class RewardLine:
    reward: EarnedReward
    act: str | Promise
    tone: str
    state: str | Promise


@dataclass(frozen=True, slots=True)
class InviteeRow:
    invitee: Invitee
    lines: Sequence[RewardLine]


@require_safe
@own_page
def referrals(request: HttpRequest) -> HttpResponse:
    return _page(request, _transfer_form(request, None), at=clock.now())


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
@after_recent_sign_in
def transfer(request: HttpRequest) -> HttpResponse:
    """Asks on GET, with the amount on the button; moves on POST. What comes too late for the balance is 409."""
    form = _transfer_form(request, request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        return _page(request, form, at=clock.now())
    amount, team = form.cleaned_data["amount"], form.chosen_team
    if request.method != "POST":
        return _ask(request, form, amount_nanos=amount, team=team)
    try:
        services.transfer_rewards(team, amount_nanos=amount, key=form.cleaned_data["key"], at=clock.now())
    except SluiceError as error:
        form.add_error("amount", str(error.text))
        return _page(request, form, at=clock.now(), status=CONFLICT if isinstance(error, RewardsTooLow) else 200)
    moved = amount_text(amount, reader_of(request), unit="credits", places=BALANCE_PLACES)
    told = {"amount": moved, "team": _name_of(team, request)}
    messages.success(request, gettext("%(amount)s moved to %(team)s.") % told)
    return redirect("console:referrals")


def _page(request: HttpRequest, form: RewardTransferForm, *, at: datetime, status: int = 200) -> HttpResponse:
    user_id = _user_id(request)
    services.referral_code_of(user_id, at=at)
    page = queries.referral_page_of(user_id, cursor=_cursor(request))
    context = {
        "page": page,
        "rows": [InviteeRow(invitee, tuple(map(_line, invitee.rewards))) for invitee in page.invitees.results],
        "offers": _offers(at),
        "form": form,
        "can_transfer": page.sums.available_nanos >= services.least_to_transfer(),
        "least_nanos": services.least_to_transfer(),
        "is_first": not (page.invitees.results or request.GET.get("cursor")),
        "newer": _link(page.invitees.previous),
        "older": _link(page.invitees.next),
    }
    return render(request, "console/referrals/referrals.html", context, status=status)


def _ask(request: HttpRequest, form: RewardTransferForm, *, amount_nanos: int, team: TeamAccess) -> HttpResponse:
    try:
        services.check_transfer(team, amount_nanos=amount_nanos)
    except SluiceError as error:
        form.add_error("amount", str(error.text))
        return _page(request, form, at=clock.now())
    available = queries.reward_sums_of(_user_id(request)).available_nanos
    context = {
        "key": form.cleaned_data["key"],
        "amount": credits_text(amount_nanos),
        "amount_nanos": amount_nanos,
        "available_nanos": available,
        "left_nanos": available - amount_nanos,
        "team": _name_of(team, request),
        "team_id": team.public_id,
    }
    return render(request, "console/referrals/transfer.html", context)


def _transfer_form(request: HttpRequest, data: QueryDict | None) -> RewardTransferForm:
    teams = [payer.team for payer in shell_of(request).payers if payer.team.may("wallet.change")]
    available = queries.reward_sums_of(_user_id(request)).available_nanos
    names = {team.public_id: _name_of(team, request) for team in teams}
    return RewardTransferForm(data, teams=teams, names=names, available_nanos=available)


def _name_of(team: TeamAccess, request: HttpRequest) -> str:
    return team_label(team.name, is_personal=team.is_personal, reader=request.user.get_short_name())  # type: ignore[union-attr]


def _offers(at: datetime) -> list[Offer]:
    return [_offer(version) for version in queries.versions_in_force(Beneficiary.INVITER, at=at)]


def _offer(version: Version) -> Offer:
    title = version.terms.title(get_language() or "en")
    return Offer(title, validity_words(version.starts_at, version.ends_at), facts_of(version, None))


def _line(reward: EarnedReward) -> RewardLine:
    tone, state = _STATES[RewardStatus(reward.status)]
    if reward.is_capped and reward.status == RewardStatus.BLOCKED:
        state = _("Limit of the campaign reached")
    return RewardLine(reward, ACTS[Trigger(reward.trigger)], tone, state)


def _cursor(request: HttpRequest) -> Cursor | None:
    text = request.GET.get("cursor")
    try:
        return parse_cursor(text) if text else None
    except CursorInvalid:
        raise Http404 from None


def _link(cursor: Cursor | None) -> str:
    return "" if cursor is None else f"cursor={cursor.as_text()}"


def _user_id(request: HttpRequest) -> int:
    if request.user.pk is None:
        raise PermissionError("Only somebody who is signed in has invited anybody.")
    return int(request.user.pk)
