"""What stands against a closing.

SluiceError
└── StillOpen     (Conflict) something is not settled; `reasons` says what and where
"""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from apps.console.closing.types import Reason
from apps.core.errors import Conflict


class StillOpen(Conflict):
    code = "still_open"
    text = _("Something has to be settled first.")

    def __init__(self, reasons: Sequence[Reason]) -> None:
        super().__init__()
        self.reasons = tuple(reasons)
