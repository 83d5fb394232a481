"""What a person may prefer, and be told. No people here."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class DisplayUnit(models.TextChoices):
    USD = "usd", _("US dollars")
    CNY = "cny", _("Chinese yuan")
    CREDITS = "credits", _("Credits")


class Language(models.TextChoices):
    ENGLISH = "en", _("English")
    CHINESE = "zh-hans", _("Simplified Chinese")


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """Something people are told of by mail. Each app declares its own; the console lists all of them as preferences.

    `code` names the templates `mail/<code>.*` and, in the preferences, what a person does not want. A kind that is not
    optional is always sent.
    """

    code: str
    label: str | Promise
    is_optional: bool = True


NEW_DEVICE = NoticeKind("sign_in.new_device", _("Sign-in from a new device or place"), is_optional=False)
EXPORT_READY = NoticeKind("export.ready", _("Your data is ready to download"), is_optional=False)
ACCOUNT_CLOSED = NoticeKind("account.closed", _("Your account is closed"), is_optional=False)


class ExportState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    STARTED = "started", _("Being put together")
    READY = "ready", _("Ready")
    EXPIRED = "expired", _("Deleted")
    FAILED = "failed", _("Failed")


@dataclass(frozen=True, slots=True)
class ExportToMake:
    """An export that a worker has claimed; `attempt` tells it from whoever claims it next."""

    export_id: int
    public_id: str
    attempt: int
    user_id: int
    language: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class ExportInfo:
    """An export as its owner sees it."""

    public_id: str
    state: ExportState
    asked_at: datetime
    parts_done: int
    parts: int
    size: int
    file_uid: UUID | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Profile:
    """What an account says about a person."""

    user_id: int
    email: str
    name: str
    language: str
    display_unit: str
    time_zone: str
    muted_kinds: tuple[str, ...]
    joined_at: datetime
    last_sign_in_at: datetime | None


@dataclass(frozen=True, slots=True)
class WayIn:
    """Something that opens an account, without its secret. `kind`: email, totp, webauthn, recovery_codes, …"""

    kind: str
    name: str
    added_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody at the door: what their browser calls itself, and from which address they come."""

    user_agent: str
    address: str


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A browser that is signed in now."""

    id: int
    device: str
    address: str
    since: datetime
    seen_at: datetime
    is_current: bool


@dataclass(frozen=True, slots=True)
class WaysIn:
    """How a person can sign in without the help of their mail."""

    has_password: bool
    passkeys: int
    identities: int

    @property
    def count(self) -> int:
        return int(self.has_password) + self.passkeys + self.identities


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey or a security key; only one that knows its owner opens an account alone."""

    id: int
    name: str
    added_at: datetime
    used_at: datetime | None
    opens_alone: bool


@dataclass(frozen=True, slots=True)
class Factors:
    """What sign-in asks for beside the password. No recovery codes is not the same as none left."""

    has_app: bool
    passkeys: tuple[Passkey, ...]
    recovery_codes: int | None

    @property
    def is_enough(self) -> bool:
        return self.has_app or bool(self.passkeys)
