"""Which mails a person wants, and the way out that every optional mail carries: it needs no sign-in."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.accounts import services as accounts
from apps.console.mail.notice_kinds import KINDS, SUBJECTS, is_optional
from apps.console.mail.unsubscribing import unsubscribed

OPTIONAL = [kind.code for kind in KINDS.values() if kind.is_optional]


class NoticesForm(forms.Form):
    """The kinds that stay switched on; a kind that is not offered is neither kept nor changed."""

    wanted = forms.MultipleChoiceField(required=False, choices=[(code, code) for code in OPTIONAL])


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = NoticesForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        muted = set(OPTIONAL) - set(form.cleaned_data["wanted"])
        accounts.choose_kinds(user.pk, muted=muted | (set(user.muted_kinds) - set(OPTIONAL)))
        messages.success(request, _("Your choice of mails is saved."))
        return redirect("console:notices")
    return render(request, "console/notices.html", {"subjects": SUBJECTS, "muted": user.muted_kinds})


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST acts, as RFC 8058 has it: a mail program sends the POST by itself, without cookies, and follows
    no redirect. The token says who and what, and only we can make one.
    """
    found = unsubscribed(token)
    if found is None or not is_optional(found[1]):
        raise Http404
    user_id, code = found
    if request.method == "POST":
        accounts.mute_kind(user_id, kind=code)
    return render(request, "site/unsubscribe.html", {"kind": KINDS[code], "is_done": request.method == "POST"})
