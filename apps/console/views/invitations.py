"""The page behind the link of an invitation: for the invited, for strangers, for those without an account.

Nothing happens by opening it; the answer is a form of its own.
"""

from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.console import kept_invitation
from apps.console.readers import signed_in
from apps.console.shell import TEAM_KEY
from apps.console.words.teams import ROLE_NAMES, ROLE_SUMMARIES
from apps.core import clock
from apps.core.errors import SluiceError
from apps.teams import queries, services
from apps.teams.errors import InvitationMissing
from apps.teams.types import Offer


@never_cache
@require_safe
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    offer = queries.offer_behind(secret, reader_id=request.user.pk, at=clock.now())
    if offer is None:
        raise Http404
    if not offer.is_open and not offer.is_member:
        return _page(request, "console/invitations/ended.html", offer, secret=secret, status=410)
    if not request.user.is_authenticated:
        kept_invitation.keep(request, secret)
        return _page(request, "console/invitations/signed_out.html", offer, secret=secret)
    kept_invitation.forget(request)
    if not offer.is_for_reader:
        return _page(request, "console/invitations/of_another.html", offer, secret=secret)
    return _page(request, "console/invitations/open.html", offer, secret=secret)


@require_POST
@login_required
def accept(request: HttpRequest, secret: str) -> HttpResponse:
    """Whoever may not is shown the page again, which says why."""
    user = signed_in(request)
    try:
        team = services.accept_invitation(secret, user=user, at=clock.now())
    except InvitationMissing as error:
        raise Http404 from error
    except SluiceError as error:
        messages.error(request, str(error.text))
        return redirect("console:invitation", secret)
    kept_invitation.forget(request)
    request.session[TEAM_KEY] = team.public_id
    said = _("You are in %(team)s now. Your role: %(role)s.") % {"team": team.name, "role": ROLE_NAMES[team.role]}
    messages.success(request, said)
    return redirect("console:team")


@require_POST
def decline(request: HttpRequest, secret: str) -> HttpResponse:
    """Holding the link is enough to say no."""
    try:
        services.decline_invitation(secret, user_id=request.user.pk, at=clock.now())
    except InvitationMissing as error:
        raise Http404 from error
    except SluiceError as error:
        messages.error(request, str(error.text))
        return redirect("console:invitation", secret)
    kept_invitation.forget(request)
    messages.success(request, _("Declined. Nobody joins by this link any more."))
    return redirect("console:home" if request.user.is_authenticated else "console:landing")


def _page(request: HttpRequest, template: str, offer: Offer, *, secret: str, status: int = 200) -> HttpResponse:
    """No other site learns the link from the browser."""
    zone = ZoneInfo(request.user.time_zone) if request.user.is_authenticated else timezone.get_default_timezone()
    context = {
        "offer": offer,
        "secret": secret,
        "role": ROLE_NAMES.get(offer.role, ""),
        "role_summary": ROLE_SUMMARIES.get(offer.role, ""),
    }
    with timezone.override(zone):
        response = render(request, template, context, status=status)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
