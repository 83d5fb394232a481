"""Acts on verifications, by subject. Those that decide open a durable transaction of their own."""

from apps.verification.services.deciding import approve, reject, revoke
from apps.verification.services.erasing import erase_person, erase_team
from apps.verification.services.examining import examine_waiting
from apps.verification.services.rotating import reencrypt_particulars, reencrypt_subject_key
from apps.verification.services.submitting import resubmit, submit
from apps.verification.services.viewing import open_document, open_particulars

__all__ = [
    "approve",
    "erase_person",
    "erase_team",
    "examine_waiting",
    "open_document",
    "open_particulars",
    "reencrypt_particulars",
    "reencrypt_subject_key",
    "reject",
    "resubmit",
    "revoke",
    "submit",
]
