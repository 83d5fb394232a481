"""Forms that take what a browser says about a passkey. allauth's fail on what is not shaped as its protocol says."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)


@contextmanager
def _nonsense_is_wrong() -> Iterator[None]:
    """What its parser stumbles over is refused like a credential that does not fit."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise get_adapter().validation_error("incorrect_code") from error


class AddForm(AddWebAuthnForm):  # type: ignore[misc]
    def clean(self) -> dict[str, Any]:
        with _nonsense_is_wrong():
            cleaned: dict[str, Any] = super().clean()
            return cleaned


class AuthenticateForm(AuthenticateWebAuthnForm):  # type: ignore[misc]
    def clean_credential(self) -> Authenticator:
        with _nonsense_is_wrong():
            return super().clean_credential()


class LoginForm(AuthenticateForm, LoginWebAuthnForm):  # type: ignore[misc]
    pass


class ReauthenticateForm(AuthenticateForm, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    pass
