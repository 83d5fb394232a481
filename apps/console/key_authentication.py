"""Who asks the platform API with an API token: nobody signed in, but a caller of the relay, about its own calls."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from apps.core import clock
from apps.core.http import request_ip
from apps.core.ids import public_id
from apps.relay import queries as relay
from apps.relay.errors import AddressNotAllowed, InvalidToken
from apps.relay.types import TokenSnapshot
from apps.teams import queries as teams

_PERSONAL = "pat_"


@dataclass(frozen=True, slots=True)
class KeyCaller:
    """Whoever holds this API token: a program, which may ask what its own calls may do."""

    token: TokenSnapshot
    team: str

    @property
    def team_id(self) -> int:
        return self.token.team_id

    @property
    def token_public_id(self) -> str:
        return public_id("tk", self.token.uid)

    def may_use(self, model_code: str) -> bool:
        return not self.token.model_codes or model_code in self.token.model_codes


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer sk-…`, refused as the relay refuses it. `request.auth` is a `KeyCaller`, and nobody is
    signed in. Personal access tokens are left to whoever knows them.
    """

    def authenticate(self, request: Request) -> tuple[AnonymousUser, KeyCaller] | None:
        scheme, _, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer" or secret.strip().startswith(_PERSONAL):
            return None
        try:
            caller = relay.caller_by_key(secret.strip(), ip=request_ip(request._request), at=clock.now())
        except InvalidToken as error:
            raise AuthenticationFailed(str(error)) from error
        except AddressNotAllowed as error:
            raise PermissionDenied(str(error)) from error
        return AnonymousUser(), KeyCaller(caller.token, teams.public_id_of(caller.team.id))

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Sluice"'


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = ApiKeyAuthentication
    name = "apiToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "sk-…"}
