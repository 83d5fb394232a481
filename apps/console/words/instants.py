"""An instant with its zone, for texts that travel: mails and feeds."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import pgettext

from apps.console.amounts import MINUS


def instant_words(at: datetime) -> str:
    """`21 Nov 2026, 13:00 (UTC+1)`, in the zone of whoever reads."""
    return f"{short_instant(at)} ({_offset_of(localtime(at))})"


def short_instant(at: datetime) -> str:
    """The same where the zone stands elsewhere."""
    return date_format(localtime(at), pgettext("date format", "j M Y, H:i"), use_l10n=False)


def _offset_of(local: datetime) -> str:
    """`UTC`, `UTC+8`, `UTC−3:30`."""
    offset = local.utcoffset()
    minutes = round(offset.total_seconds() / 60) if offset else 0
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    sign = "+" if minutes > 0 else MINUS
    return f"UTC{sign}{hours}" + (f":{rest:02d}" if rest else "")
