"""A change of price in a sentence."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext

from apps.core.billing_calendar import billing_zone
from apps.marketplace.meter_names import METER_NAMES
from apps.marketplace.price_changes import PriceLine


def instant_in_words(at: datetime) -> str:
    """In the business zone, which stands beside it: the same text is read everywhere."""
    local = at.astimezone(billing_zone())
    text = date_format(local, pgettext("date format", "j M Y, H:i"), use_l10n=False)
    return f"{text} ({local:UTC%z})"


def line_in_words(line: PriceLine) -> str:
    """`Input tokens: 12 → 15 credits for 1,000,000 (+25 %)`."""
    if line.new is None:
        return gettext("%(meter)s: %(old)s credits for %(unit)s → no longer offered") % _values(line)
    if line.percent is None:
        return gettext("%(meter)s: %(old)s → %(new)s credits for %(unit)s") % _values(line)
    return gettext("%(meter)s: %(old)s → %(new)s credits for %(unit)s (%(percent)s %%)") % _values(line)


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
