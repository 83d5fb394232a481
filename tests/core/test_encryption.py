"""Secrets at rest: written with the first key, read with any, refused without one."""

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from apps.core import encryption

OLD = Fernet.generate_key().decode()
NEW = Fernet.generate_key().decode()


def test_what_was_encrypted_can_be_read_and_does_not_show(settings):
    settings.FIELD_ENCRYPTION_KEYS = [OLD]

    ciphertext = encryption.encrypt("sk-upstream")

    assert b"upstream" not in ciphertext
    assert encryption.decrypt(ciphertext) == "sk-upstream"


def test_a_key_is_rotated_by_putting_the_new_one_first(settings):
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    written_before = encryption.encrypt("secret")

    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    rewritten = encryption.reencrypt(written_before)

    assert encryption.decrypt(written_before) == "secret"
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert encryption.decrypt(rewritten) == "secret"
    with pytest.raises(encryption.KeyGone):
        encryption.decrypt(written_before)


def test_without_keys_only_a_development_server_gets_one(settings):
    settings.FIELD_ENCRYPTION_KEYS = []

    settings.DEBUG = True
    assert encryption.decrypt(encryption.encrypt("secret")) == "secret"

    settings.DEBUG = False
    with pytest.raises(ImproperlyConfigured, match="FIELD_ENCRYPTION_KEYS"):
        encryption.encrypt("secret")


def test_a_key_of_the_wrong_shape_is_named(settings):
    settings.FIELD_ENCRYPTION_KEYS = ["too-short"]

    with pytest.raises(ImproperlyConfigured, match="44 characters"):
        encryption.encrypt("secret")
