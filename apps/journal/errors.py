"""What can go wrong in the journal.

SluiceError
└── JournalError
    ├── KeyReused         the Idempotency-Key came with another body before
    ├── KeyInUse          (Conflict) the first call with this key is still under way
    ├── ApprovalMissing   there is no such approval, it was not given, or its time ran out
    ├── ApprovalMismatch  it was given for another act, another target or other parameters
    ├── ApprovalUsed      (Conflict) it served once already
    ├── ApprovalDecided   (Conflict) somebody decided already, or its time ran out
    ├── ApprovalOwn       (NotAllowed) nobody approves what they asked for themselves
    ├── FileMissing       (NotFound) there is no such file, or it expired and is gone
    └── FileDamaged       a stored file is not what was stored
"""

from django.utils.translation import gettext_lazy as _

from apps.core.errors import Conflict, NotAllowed, NotFound, SluiceError


class JournalError(SluiceError):
    code = "journal_error"


class KeyReused(JournalError):
    code = "idempotency_key_reused"
    text = _("This Idempotency-Key was already used with another request.")


class KeyInUse(Conflict, JournalError):
    code = "idempotency_key_in_use"
    text = _("The first request with this Idempotency-Key is still under way. Try again in a moment.")


class ApprovalMissing(JournalError):
    code = "approval_missing"
    text = _("A second person has not approved this, or too long ago. Ask for it again.")


class ApprovalMismatch(JournalError):
    code = "approval_mismatch"
    text = _("The approval was given for something else. Ask for one of exactly this.")


class ApprovalUsed(Conflict, JournalError):
    code = "approval_used"
    text = _("This approval has served already. Each act needs one of its own.")


class ApprovalDecided(Conflict, JournalError):
    code = "approval_decided"
    text = _("This request was already decided, or its time ran out.")


class ApprovalOwn(NotAllowed, JournalError):
    code = "approval_own"
    text = _("You asked for this yourself. Somebody else has to approve it.")


class FileMissing(NotFound, JournalError):
    code = "file_missing"
    text = _("This file is no longer there.")


class FileDamaged(JournalError):
    code = "file_damaged"
    text = _("This file can no longer be read.")
