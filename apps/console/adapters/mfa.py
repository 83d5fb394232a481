"""Second factors: their secrets are encrypted, and their pages speak our words."""

from typing import Any

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.utils.translation import gettext_lazy as _

from apps.accounts import queries as people
from apps.core.encryption import decrypt, encrypt


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This code is not right. Codes change every 30 seconds; use the newest."),
    }

    def encrypt(self, text: str) -> str:
        return encrypt(text).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text.encode())

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """What a browser calls us when it asks for a passkey. The id stays the host, which the browser checks."""
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        return entity | {"name": "Sluice"}

    def generate_authenticator_name(self, user: Any, type: Any) -> str:  # noqa: A002  allauth's name for it
        """A passkey is called after the device it is made with until its owner says otherwise."""
        return people.device_name(context.request.headers.get("User-Agent", ""))
