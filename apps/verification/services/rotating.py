"""What verifications keep encrypted, written anew under the first key."""

from apps.core.key_rotation import Rewritten, RowPage, reencrypt_column
from apps.verification.models import SubjectKey, Verification


def reencrypt_particulars(page: RowPage) -> Rewritten:
    """Writes a page of particulars under the first key, in a transaction of its own. Safe to repeat."""
    return reencrypt_column(Verification.objects.all(), "sealed", page=page)


def reencrypt_subject_key(page: RowPage) -> Rewritten:
    """The secret of the keyed hash likewise: it stays the same secret, so every hash stays what it was."""
    return reencrypt_column(SubjectKey.objects.all(), "ciphertext", page=page)
