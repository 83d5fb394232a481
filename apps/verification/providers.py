"""Who confirms particulars before a person looks at them. Another provider is one more class with a `check`.

A provider may talk to a network: it is asked outside every transaction, and asked again when it fails with an
`OSError`. It says `needs_person` whenever it is not sure.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

from apps.verification.types import Application

MANUAL: Final = "apps.verification.providers.Manual"


class Outcome(Enum):
    PASSED = "passed"
    FAILED = "failed"
    NEEDS_PERSON = "needs_person"


@dataclass(frozen=True, slots=True)
class Finding:
    """`reason` is shown to the applicant beside the code that says that the automatic check failed."""

    outcome: Outcome
    reason: str = ""


def passed() -> Finding:
    return Finding(Outcome.PASSED)


def failed(reason: str) -> Finding:
    return Finding(Outcome.FAILED, reason)


def needs_person() -> Finding:
    return Finding(Outcome.NEEDS_PERSON)


class Provider(Protocol):
    def check(self, application: Application) -> Finding: ...


class Manual:
    """Nobody but a reviewer decides."""

    def check(self, application: Application) -> Finding:
        return needs_person()


def provider() -> Provider:
    return cast(Provider, import_string(settings.VERIFICATION_PROVIDER)())


def is_manual() -> bool:
    """Whether there is nothing to ask: submissions then go to a person at once."""
    return bool(settings.VERIFICATION_PROVIDER == MANUAL)
