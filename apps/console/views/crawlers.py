"""What search engines ask first: which addresses there are, and which are not for them."""

from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from apps.announcements import queries as announcements
from apps.console.public_pages import HREFLANG, address_of
from apps.core import clock
from apps.marketplace import queries as marketplace

KEPT_SECONDS: Final = 3600
PAGES: Final = ("landing", "models", "announcements", "changelog", "campaigns", "privacy")
ENTRIES: Final = 200
PRIVATE: Final = ("/console/", "/admin/", "/accounts/", "/api/", "/v1/", "/invitations/", "/unsubscribe/")


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """The public pages, the latest announcements and the models that strangers see; each in every language."""
    context = {"pages": [_entry(path) for path in _paths()]}
    return _kept(render(request, "site/sitemap.xml", context, content_type="application/xml"))


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in PRIVATE), "", f"Sitemap: {_sitemap_address()}", ""]
    return _kept(HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8"))


def _paths() -> Iterator[str]:
    for name in PAGES:
        yield reverse(f"console:{name}")
    at = clock.now()
    for entry in announcements.entries_page(announcements.viewer_of(None, at=at), at=at, size=ENTRIES).results:
        yield reverse("console:announcement", args=[entry.public_id])
    for model in marketplace.listed_models(marketplace.reach_of(None, at=at), at=at):
        yield reverse("console:model", args=[model.code])


def _entry(path: str) -> dict[str, object]:
    languages = [(HREFLANG.get(code, code), address_of(path, code)) for code, _name in settings.LANGUAGES]
    return {"address": address_of(path), "languages": languages}


def _sitemap_address() -> str:
    return address_of(reverse("console:sitemap"))


def _kept(response: HttpResponse) -> HttpResponse:
    patch_cache_control(response, public=True, max_age=KEPT_SECONDS)
    return response
