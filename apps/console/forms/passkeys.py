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
from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput


@contextmanager
def _nonsense_is_wrong() -> Iterator[None]:
    """What its parser stumbles over is refused like a credential that does not fit."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise get_adapter().validation_error("incorrect_code") from error


class CredentialField(forms.JSONField):
    """An object. allauth stores `0` and `false` as a passkey without asking any device; and Python's parser gives up on
    endless digits and on brackets within brackets in ways that Django's field lets through.
    """

    def to_python(self, value: Any) -> Any:
        try:
            found = super().to_python(value)
        except (ValueError, RecursionError) as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error
        if found is not None and not isinstance(found, dict):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return found

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except (ValueError, RecursionError):
            return InvalidJSONInput(data)


class AddForm(AddWebAuthnForm):  # type: ignore[misc]
    credential = CredentialField(widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        with _nonsense_is_wrong():
            cleaned: dict[str, Any] = super().clean()
            return cleaned


class AuthenticateForm(AuthenticateWebAuthnForm):  # type: ignore[misc]
    credential = CredentialField(widget=forms.HiddenInput)

    def clean_credential(self) -> Authenticator:
        with _nonsense_is_wrong():
            return super().clean_credential()


class LoginForm(AuthenticateForm, LoginWebAuthnForm):  # type: ignore[misc]
    pass


class ReauthenticateForm(AuthenticateForm, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    pass
