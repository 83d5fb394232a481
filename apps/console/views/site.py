"""Public pages and what works on every page: language."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import activate
from django.views.decorators.http import require_POST

from apps.accounts import services as accounts
from apps.console.adapters.account import remember_language
from apps.console.forms.people import LanguageForm
from apps.console.public_pages import keep_page, public_page, without_language
from apps.core import clock


@public_page
def landing(request: HttpRequest) -> HttpResponse:
    response = render(request, "site/landing.html", {"base_url": f"{settings.PUBLIC_URL}/v1"})
    return keep_page(request, response, at=clock.now(), until=None)


@public_page
def privacy(request: HttpRequest) -> HttpResponse:
    response = render(request, "site/privacy.html", {"document_days": settings.VERIFICATION_DOCUMENT_DAYS})
    return keep_page(request, response, at=clock.now(), until=None)


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Changes the language of pages, and of mails for somebody who is signed in; goes back to where it was asked."""
    response = HttpResponseRedirect(without_language(back(request)))
    form = LanguageForm(request.POST)
    if form.is_valid():
        language = form.cleaned_data["language"]
        activate(language)
        remember_language(response, language)
        if request.user.is_authenticated:
            accounts.choose_language(request.user, language=language)
    return response


def back(request: HttpRequest, fallback: str = "/") -> str:
    """The page the form stood on, if it is one of ours."""
    url = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return url if safe else fallback
