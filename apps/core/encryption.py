"""Secrets at rest: Fernet under FIELD_ENCRYPTION_KEYS, the first key writes and all of them read.

A key is rotated by putting the new one first, running `manage.py reencrypt_secrets`, and dropping the old one.
"""

import base64
import hashlib
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from apps.core.errors import SluiceError


class KeyGone(SluiceError):
    """The secret was written with a key that FIELD_ENCRYPTION_KEYS no longer lists, or it was damaged."""

    code = "encryption_key_gone"
    text = _("A stored secret cannot be read: the key it was encrypted with is no longer configured.")


def encrypt(text: str) -> bytes:
    return encrypt_bytes(text.encode())


def decrypt(ciphertext: bytes) -> str:
    """The text behind a ciphertext; `KeyGone` when no configured key opens it."""
    return decrypt_bytes(ciphertext).decode()


def encrypt_bytes(content: bytes) -> bytes:
    return _fernet().encrypt(content)


def decrypt_bytes(ciphertext: bytes) -> bytes:
    """What `encrypt_bytes` was given; `KeyGone` when no configured key opens it."""
    try:
        return _fernet().decrypt(bytes(ciphertext))
    except InvalidToken:
        raise KeyGone from None


def reencrypt(ciphertext: bytes) -> bytes:
    """The same secret under the first key; the same bytes where that key wrote them. Raises `KeyGone`."""
    try:
        _fernet_of(_keys()[:1]).decrypt(ciphertext)
        return ciphertext
    except InvalidToken:
        return _fernet().encrypt(decrypt_bytes(ciphertext))


def _fernet() -> MultiFernet:
    return _fernet_of(_keys())


def _keys() -> tuple[str, ...]:
    return tuple(settings.FIELD_ENCRYPTION_KEYS) or (_development_key(),)


def _development_key() -> str:
    if not settings.DEBUG:
        raise ImproperlyConfigured("Set FIELD_ENCRYPTION_KEYS; .env.example explains how to make a key.")
    material = hashlib.sha256(f"sluice development fields {settings.SECRET_KEY}".encode()).digest()
    return base64.urlsafe_b64encode(material).decode()


@lru_cache(maxsize=4)
def _fernet_of(keys: tuple[str, ...]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        raise ImproperlyConfigured(
            "Each of FIELD_ENCRYPTION_KEYS must be 32 random bytes in URL-safe base64 (44 characters)."
        ) from None
