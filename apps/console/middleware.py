"""What surrounds every page: forms that came after the sign-in had grown old, and pages that no cache may keep."""

from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.cache import patch_cache_control
from django.utils.deprecation import MiddlewareMixin
from django.utils.http import urlencode
from django.utils.translation import gettext as _

PRIVATE_PATHS = ("/console/", "/accounts/")


class DropStaleForms(MiddlewareMixin):
    """Asks for the sign-in again and forgets the form. allauth would keep it in the session to send it later, cookies
    and all; what people write into our forms are upstreams' keys. Stands inside allauth's own middleware.
    """

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        if not isinstance(error, ReauthenticationRequired) or request.method != "POST":
            return None
        messages.warning(request, _("Nothing has happened yet. Sign in again, then send the form once more."))
        ways = get_adapter().get_reauthentication_methods(request.user)
        page = ways[0]["url"] if ways else resolve_url("account_login")
        return HttpResponseRedirect(f"{page}?{urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})}")


class PrivatePages(MiddlewareMixin):
    """Pages about a person or their money stay out of every cache, the browser's too: others sit down there later."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.path_info.startswith(PRIVATE_PATHS) and not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_store=True)
        return response
