"""A change of price in a sentence."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext

from apps.core.billing_calendar import billing_zone
from apps.marketplace.meter_names import METER_NAMES
from apps.marketplace.price_changes import PriceLine
from apps.marketplace.price_list import Conditions

_MINUTE: Final = timedelta(minutes=1)


def instant_in_words(at: datetime) -> str:
    """In the business zone, which stands beside it: the same text is read everywhere."""
    local = at.astimezone(billing_zone())
    text = date_format(local, pgettext("date format", "j M Y, H:i"), use_l10n=False)
    return f"{text} ({local:UTC%z})"


def typeable_instant(at: datetime) -> str:
    """To the minute, and never before `at`: what is read here is typed in again."""
    whole = at if at == at.replace(second=0, microsecond=0) else at.replace(second=0, microsecond=0) + _MINUTE
    return f"{whole.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def usage_in_words(quantities: Mapping[str, int], conditions: Conditions) -> str:
    """`Input tokens 1,000 · Output tokens 500 (thinking = true)`."""
    parts = " · ".join(f"{METER_NAMES.get(meter, meter)} {quantity:,}" for meter, quantity in quantities.items())
    return f"{parts} ({_conditions(conditions)})" if conditions else parts


def line_in_words(line: PriceLine) -> str:
    """`Input tokens: 12 → 15 credits for 1,000,000 (+25 %)`."""
    if line.meter == "multiplier":
        return _multiplier_in_words(line)
    if line.new is None:
        return gettext("%(meter)s: %(old)s credits for %(unit)s → no longer offered") % _values(line)
    if line.percent is None:
        return gettext("%(meter)s: %(old)s → %(new)s credits for %(unit)s") % _values(line)
    return gettext("%(meter)s: %(old)s → %(new)s credits for %(unit)s (%(percent)s %%)") % _values(line)


def _multiplier_in_words(line: PriceLine) -> str:
    """Of an access group, for every price: `Price multiplier: 1 → 1.2 (+20 %)`."""
    if line.percent is None:
        return gettext("Price multiplier: %(old)s → %(new)s") % _values(line)
    return gettext("Price multiplier: %(old)s → %(new)s (%(percent)s %%)") % _values(line)


def _values(line: PriceLine) -> dict[str, str]:
    percent = "" if line.percent is None else f"{line.percent:+.2f}".rstrip("0").rstrip(".").replace("-", "−")
    return {
        "meter": meter_in_words(line.meter, line.conditions, start=line.start, end=line.end),
        "old": line.old or "–",
        "new": line.new or "–",
        "unit": f"{line.unit:,}",
        "percent": percent,
    }


def meter_in_words(meter: str, conditions: Conditions, *, start: int = 0, end: int | None = None) -> str:
    """`Input tokens with thinking = true, from 32,000 on`."""
    name = str(METER_NAMES.get(meter, meter))
    if conditions:
        name = gettext("%(meter)s with %(conditions)s") % {"meter": name, "conditions": _conditions(conditions)}
    if end is not None and not start:
        return gettext("%(meter)s, below %(end)s") % {"meter": name, "end": f"{end:,}"}
    if end is not None:
        return gettext("%(meter)s, from %(start)s to below %(end)s") % {
            "meter": name,
            "start": f"{start:,}",
            "end": f"{end:,}",
        }
    return gettext("%(meter)s, from %(start)s on") % {"meter": name, "start": f"{start:,}"} if start else name


def _conditions(conditions: Conditions) -> str:
    return ", ".join(
        f"{name} = {value if isinstance(value, str) else str(value).lower()}" for name, value in conditions.items()
    )
