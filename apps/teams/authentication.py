"""Who calls the platform API: a personal access token, or the session of a browser (with CSRF). No permissions here."""

from datetime import timedelta
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.core import clock
from apps.core.api import ApiView
from apps.teams import queries, services
from apps.teams.types import PersonalToken

_CHALLENGE: Final = 'Bearer realm="Sluice"'
_USE_IS_NOTED_EVERY: Final = timedelta(minutes=10)


class PersonalTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer pat_…`. `request.auth` is the token; the user acts in its team and in no other.

    Any other credential in the header is refused at once, so that a call with a bad token never falls back to a
    session or to an anonymous answer.
    """

    def authenticate(self, request: Request) -> tuple[AbstractBaseUser, PersonalToken] | None:
        header = get_authorization_header(request).decode("latin-1")
        if not header:
            return None
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer":
            raise AuthenticationFailed("Write the header as Authorization: Bearer pat_…")
        return self._caller(secret.strip())

    def authenticate_header(self, request: Request) -> str:
        return _CHALLENGE

    def _caller(self, secret: str) -> tuple[AbstractBaseUser, PersonalToken]:
        at = clock.now()
        found = queries.caller_by_secret(secret, at=at)
        if found is None:
            raise AuthenticationFailed("This personal access token is unknown, expired or revoked.")
        user, token = found
        if token.last_used_at is None or token.last_used_at < at - _USE_IS_NOTED_EVERY:
            services.note_use(token.id, at=at)
        return user, token


class PersonalTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = PersonalTokenAuthentication
    name = "personalAccessToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "pat_…"}


class PlatformView(ApiView):
    """The base of every endpoint of `/api/` that asks who is calling."""

    authentication_classes = [PersonalTokenAuthentication, SessionAuthentication]
