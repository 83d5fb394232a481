"""A change of price in a sentence."""

from datetime import UTC, datetime, timedelta
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext

from apps.core.billing_calendar import billing_zone
from apps.marketplace.meter_names import METER_NAMES
from apps.marketplace.price_changes import PriceLine

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
        "meter": _meter_in_words(line),
        "old": line.old or "–",
        "new": line.new or "–",
        "unit": f"{line.unit:,}",
        "percent": percent,
    }


def _meter_in_words(line: PriceLine) -> str:
    name = str(METER_NAMES.get(line.meter, line.meter))
    if line.conditions:
        conditions = ", ".join(
            f"{key} = {value if isinstance(value, str) else str(value).lower()}"
            for key, value in line.conditions.items()
        )
        name = gettext("%(meter)s with %(conditions)s") % {"meter": name, "conditions": conditions}
    if line.end is not None:
        return gettext("%(meter)s, from %(start)s to below %(end)s") % {
            "meter": name,
            "start": f"{line.start:,}",
            "end": f"{line.end:,}",
        }
    if line.start:
        return gettext("%(meter)s, from %(start)s on") % {"meter": name, "start": f"{line.start:,}"}
    return name
