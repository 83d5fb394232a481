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
    ├── MessageNotGivenUp (Conflict) it was sent, or somebody lets it be sent again already
    ├── EndpointMissing   (NotFound) there is no such webhook, or it is another team's
    ├── EndpointTaken     (Conflict) the team has a webhook with this address
    ├── EndpointsAtMost   (Conflict) the team has as many webhooks as it may have
    ├── FileMissing       (NotFound) there is no such file, or it expired and is gone
    └── FileDamaged       a stored file is not what was stored

Between a sender and the outbox, never shown: `MessageRefused` (for good), `NotDelivered` (this time), `WayClosed` (no
message could have left).
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


class MessageNotGivenUp(Conflict, JournalError):
    code = "message_not_given_up"
    text = _("This message was sent, or is being sent already.")


class EndpointMissing(NotFound, JournalError):
    code = "webhook_missing"
    text = _("There is no such webhook.")


class EndpointTaken(Conflict, JournalError):
    code = "webhook_taken"
    text = _("There is a webhook with this address already.")


class EndpointsAtMost(Conflict, JournalError):
    code = "webhooks_at_most"
    text = _("A team has five webhooks at most. Remove one first.")


class MessageRefused(Exception):
    """No further attempt would help: the receiver does not exist, or does not want it."""


class NotDelivered(Exception):
    """It did not work this time."""


class WayClosed(Exception):
    """Nothing can be sent now, whatever it is: the server does not answer, or does not know us."""
