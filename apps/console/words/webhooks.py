"""What became of deliveries, in the reader's language. The outbox keeps one language: operators read it too."""

import re
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.console import departures

_WORDS: Final = {
    "no answer within 5 seconds": gettext_lazy("no answer within 5 seconds"),
    "the certificate was not accepted": gettext_lazy("the certificate was not accepted"),
    "the connection failed": gettext_lazy("the connection failed"),
    "the answer was not HTTP": gettext_lazy("the answer was not HTTP"),
    "the name does not resolve": gettext_lazy("the name does not resolve"),
    "the address is not public": gettext_lazy("the address is not public"),
    "answered without the challenge": gettext_lazy("answered without the challenge"),
    "the webhook was removed": gettext_lazy("the webhook was removed"),
    "the webhook was turned off": gettext_lazy("the webhook was turned off"),
    departures.LEFT: gettext_lazy("whoever added it left the team"),
    departures.REMOVED: gettext_lazy("whoever added it was removed from the team"),
    "the sender ended before each answer": gettext_lazy("the sender ended before each answer"),
}
_ANSWERED: Final = re.compile(r"answered (\d{3})", re.ASCII)


def reason_words(reason: str) -> str:
    """A reason as it is stored → as it is shown; one that we do not know stays as it is."""
    if answered := _ANSWERED.fullmatch(reason):
        return _("answered %(status)s") % {"status": answered[1]}
    return str(_WORDS.get(reason, reason))
