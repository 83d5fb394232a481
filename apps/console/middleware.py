"""What surrounds every page: sessions seen, forms that came after a sign-in had grown old, pages no cache may keep."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ReauthenticationRequired
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.cache import patch_cache_control
from django.utils.deprecation import MiddlewareMixin
from django.utils.http import urlencode
from django.utils.translation import gettext as _

NOTED_EVERY_SECONDS: Final = 300
MOST_NOTED: Final = 10_000
PRIVATE_PATHS = ("/console/", "/accounts/", "/invitations/")


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


class NoteActivity(MiddlewareMixin):
    """Notes when and from where a session was last seen, for the page of sessions: at most every five minutes, for a
    page must not cost a write. What was noted when is remembered by each process for itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        super().__init__(get_response)
        self._noted: OrderedDict[str, float] = OrderedDict()

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> None:
        key = request.session.session_key
        if key and self._is_due(key) and request.user.is_authenticated:
            UserSession.objects.create_from_request(request)

    def _is_due(self, key: str) -> bool:
        now = time.monotonic()
        if now - self._noted.get(key, -math.inf) < NOTED_EVERY_SECONDS:
            return False
        self._noted[key] = now
        self._noted.move_to_end(key)
        if len(self._noted) > MOST_NOTED:
            self._noted.popitem(last=False)
        return True


class PrivatePages(MiddlewareMixin):
    """Pages about a person or their money stay out of every cache, the browser's too: others sit down there later."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.path_info.startswith(PRIVATE_PATHS) and not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_store=True)
        return response
