"""How fresh a sign-in is, and what it was made with. One rule for every act that changes who gets in, or money."""

import time
from typing import Any

from allauth.account import app_settings
from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest


def is_fresh(request: HttpRequest) -> bool:
    """Whether the person proved who they are in the last minutes: by signing in, or by confirming it since."""
    since = time.time() - app_settings.REAUTHENTICATION_TIMEOUT
    return any(record["at"] > since for record in _proofs(request))


def has_second_factor(request: HttpRequest) -> bool:
    """Whether this very session was opened or confirmed with an authenticator: an app, a passkey, a recovery code."""
    return any(record["method"] == "mfa" for record in _proofs(request))


def _proofs(request: HttpRequest) -> list[dict[str, Any]]:
    user = request.user if request.user.is_authenticated else None
    found: list[dict[str, Any]] = get_authentication_records(request, user)
    return found
