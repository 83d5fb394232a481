"""The base of every error that a person may see.

    SluiceError
    ├── NotFound          nothing there, or not for this caller
    ├── NotAllowed        known caller, missing right
    ├── Invalid           the input is wrong; the text says what to write
    ├── Conflict          the state does not allow it now
    └── TooMany           the same too often in a while

Each app derives its own base (`WalletError`, …) and draws its tree in its `errors` module. `code` is for programs,
`text` for people; doors turn both into pages or bodies.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class SluiceError(Exception):
    code = "error"
    text: str | Promise = _("That did not work.")

    def __init__(self, text: str | Promise | None = None, **details: object) -> None:
        if text is not None:
            self.text = text
        self.details: Mapping[str, object] = details
        super().__init__(str(self.text))


class NotFound(SluiceError):
    code = "not_found"
    text = _("Nothing was found here.")


class NotAllowed(SluiceError):
    code = "not_allowed"
    text = _("You may not do this.")


class Invalid(SluiceError):
    code = "invalid"
    text = _("Check the input.")


class Conflict(SluiceError):
    code = "conflict"
    text = _("Something changed in the meantime. Look again, then repeat.")


class TooMany(SluiceError):
    code = "too_many"
    text = _("Too often. Wait a while, then repeat.")
