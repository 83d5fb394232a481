"""What can go wrong with verifications.

SluiceError
└── VerificationError
    ├── VerificationMissing   (NotFound) there is no such verification
    ├── FieldInvalid          (Invalid) one field is wrong; `field` names it
    │   └── DocumentRefused   a document is of the wrong kind, too large, or holds something active
    │       └── DocumentInfected
    ├── TeamIsPersonal        (Invalid) an organisation is verified for a team of its own
    ├── OneAlready            (Conflict) one waits for a decision or was approved
    ├── NotRejected           (Conflict) only what was rejected is submitted again
    ├── NotYetExamined        (Conflict) its documents wait for the scanner, or for the automatic check
    ├── DecidedAlready        (Conflict) somebody decided already
    ├── NotApproved           (Conflict) only what is approved can be revoked
    └── OwnVerification       (NotAllowed) nobody decides on what concerns themselves
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.core.errors import Conflict, Invalid, NotAllowed, NotFound, SluiceError


class VerificationError(SluiceError):
    code = "verification_error"


class VerificationMissing(NotFound, VerificationError):
    code = "verification_missing"


class FieldInvalid(Invalid, VerificationError):
    code = "field_invalid"

    def __init__(self, field: str, text: str | Promise) -> None:
        self.field = field
        super().__init__(text, field=field)


class DocumentRefused(FieldInvalid):
    code = "document_refused"


class DocumentInfected(DocumentRefused):
    code = "document_infected"


class TeamIsPersonal(Invalid, VerificationError):
    code = "team_is_personal"
    text = _("An organisation is verified for a team. Create one for it first, or choose it as the payer.")


class OneAlready(Conflict, VerificationError):
    code = "verification_open_or_approved"
    text = _("This is verified already, or waits for a decision.")


class NotRejected(Conflict, VerificationError):
    code = "verification_not_rejected"
    text = _("Only what was rejected can be submitted again.")


class NotYetExamined(Conflict, VerificationError):
    code = "verification_not_yet_examined"
    text = _("The documents have not been scanned yet. That happens by itself; decide afterwards.")


class DecidedAlready(Conflict, VerificationError):
    code = "verification_decided"
    text = _("Somebody decided on this already. Nothing has happened now.")


class NotApproved(Conflict, VerificationError):
    code = "verification_not_approved"
    text = _("Only an approved verification can be revoked.")


class OwnVerification(NotAllowed, VerificationError):
    code = "verification_own"
    text = _("This concerns yourself or a team you are in. Somebody else has to decide.")
