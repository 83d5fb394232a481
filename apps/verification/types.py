"""What verifications take and return: frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.types import NoticeKind
from apps.teams.types import TeamAccess

PERSONAL: Final = "personal"
ENTERPRISE: Final = "enterprise"


MOST_BYTES: Final = 5 * 1024 * 1024
MOST_DOCUMENTS: Final = 4

APPROVED = NoticeKind("verification.approved", _("A verification was approved"), is_optional=False)
REJECTED = NoticeKind("verification.rejected", _("A verification was rejected"), is_optional=False)
REVOKED = NoticeKind("verification.revoked", _("A verification was revoked"), is_optional=False)
NOTICE_KINDS: Final = (APPROVED, REJECTED, REVOKED)

DOCUMENT_NAMES: Final[Mapping[str, str | Promise]] = {
    "front": _("Front, or the page with the photo"),
    "back": _("Back"),
    "portrait": _("Photo of yourself with the document"),
    "licence": _("Business licence or certificate of registration"),
    "authorisation": _("Letter of authorisation"),
    "further": _("Further document"),
}


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who applies, and for a team if the verification is an organisation's."""

    user_id: int
    team: TeamAccess | None = None

    @property
    def kind(self) -> str:
        return PERSONAL if self.team is None else ENTERPRISE


@dataclass(frozen=True, slots=True)
class Particulars:
    """What a person or an organisation says about itself. `name` is a company's when there is a representative."""

    country: str
    name: str
    number: str
    representative: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came. `role` is a key of `DOCUMENT_NAMES`."""

    role: str
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class CheckedDocument:
    """A file that is what its name says. It is stored under a name of ours: people put numbers into theirs."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Application:
    """What a check gets to see of a verification."""

    verification: str
    kind: str
    particulars: Particulars
    documents: tuple[CheckedDocument, ...]


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    uid: UUID
    name: str
    content_type: str
    size: int

    @property
    def role(self) -> str:
        return self.name.partition(".")[0].partition("-")[0]

    @property
    def label(self) -> str | Promise:
        return DOCUMENT_NAMES.get(self.role, self.role)

    @property
    def is_image(self) -> bool:
        return self.content_type.startswith("image/")


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a verification's history. `what` is submitted, approved, rejected or revoked."""

    what: str
    at: datetime
    reason: str | Promise = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class VerificationState:
    """A verification as its applicant sees it: particulars masked, nobody else's named."""

    public_id: str
    kind: str
    status: str
    waits_for: str
    country: str
    name: str
    number: str
    reason: str | Promise
    words: str
    credited_nanos: int
    submitted_at: datetime
    decided_at: datetime | None
    documents: int
    steps: tuple[Step, ...]

    @property
    def is_open_or_approved(self) -> bool:
        return self.status in {"submitted", "approved"}


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Another account with the same legal id: what a reviewer sees of it before he decides."""

    verification_id: int
    public_id: str
    account: str
    status_label: str | Promise
    submitted_at: datetime
