"""An invitation that somebody follows before they are signed in: it waits in the session meanwhile."""

from typing import Final

from django.http import HttpRequest
from django.urls import reverse

KEY: Final = "console.invitation"


def keep(request: HttpRequest, secret: str) -> None:
    request.session[KEY] = secret


def forget(request: HttpRequest) -> None:
    request.session.pop(KEY, None)


def waiting_page(request: HttpRequest) -> str | None:
    """Where to go after the sign-in, if an invitation waits."""
    secret = request.session.get(KEY)
    return reverse("console:invitation", args=[secret]) if isinstance(secret, str) else None
