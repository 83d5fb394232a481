"""What can go wrong in the journal.

SluiceError
└── JournalError
    ├── KeyReused       the Idempotency-Key came with another body before
    └── KeyInUse        (Conflict) the first call with this key is still under way
"""

from django.utils.translation import gettext_lazy as _

from apps.core.errors import Conflict, SluiceError


class JournalError(SluiceError):
    code = "journal_error"


class KeyReused(JournalError):
    code = "idempotency_key_reused"
    text = _("This Idempotency-Key was already used with another request.")


class KeyInUse(Conflict, JournalError):
    code = "idempotency_key_in_use"
    text = _("The first request with this Idempotency-Key is still under way. Try again in a moment.")
