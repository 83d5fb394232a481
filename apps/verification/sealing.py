"""Particulars at rest: one encrypted text a verification, and the keyed hash that finds the same subject again."""

import hashlib
import hmac
import json
import os
from dataclasses import asdict

from django.db import connection

from apps.core import encryption
from apps.verification.legal_ids import normalised
from apps.verification.models import Subject, SubjectKey
from apps.verification.types import Particulars

KEY_BYTES = 32


def sealed(particulars: Particulars) -> bytes:
    return encryption.encrypt(json.dumps(asdict(particulars), ensure_ascii=False))


def unsealed(ciphertext: bytes | memoryview) -> Particulars | None:
    """The particulars again; None once they were erased."""
    stored = bytes(ciphertext)
    return Particulars(**json.loads(encryption.decrypt(stored))) if stored else None


def subject_of(kind: str, *, country: str, number: str) -> Subject:
    """The one row of whoever has this number in this country. Safe at once: the unique index decides."""
    subject, _created = Subject.objects.get_or_create(
        kind=kind, digest=_digest(f"{kind}\n{country}\n{normalised(number)}")
    )
    return subject


def _digest(text: str) -> bytes:
    return hmac.new(_key(), text.encode(), hashlib.sha256).digest()


def _key() -> bytes:
    """The hash's secret, made at its first use. Of two that make it at once, one waits and takes the other's."""
    found = SubjectKey.objects.first()
    if found is None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO verification_subjectkey (id, ciphertext) VALUES (1, %s) ON CONFLICT DO NOTHING",
                [encryption.encrypt_bytes(os.urandom(KEY_BYTES))],
            )
        found = SubjectKey.objects.get()
    return encryption.decrypt_bytes(bytes(found.ciphertext))
