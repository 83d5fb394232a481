"""What templates say of models and prices. Shows prepared values; looks nothing up."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final

from django import template
from django.template.context import RequestContext
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext, pgettext

from apps.console import amounts
from apps.console.catalogue.price_tables import Row
from apps.console.forms.estimates import value_name
from apps.console.readers import reader_of
from apps.console.words import models as words
from apps.console.words.wallet import METER_NAMES

register = template.Library()

NONE: Final = "–"


@register.simple_tag(takes_context=True)
def unit_price(context: RequestContext, nanos: Fraction | None) -> str:
    """A price for a unit in the reader's unit, as published: `US$0.075`."""
    return NONE if nanos is None else amounts.unit_price_text(nanos, reader_of(context["request"]))


@register.simple_tag(takes_context=True)
def unit_figure(context: RequestContext, nanos: Fraction | None) -> str:
    """The same without a sign, for columns whose head names the unit."""
    reader = reader_of(context["request"])
    return NONE if nanos is None else amounts.unit_price(nanos, reader.rate_of(reader.unit))


@register.simple_tag
def per_unit(meter: str, unit: int) -> str:
    return words.per_unit(meter, unit)


@register.filter
def column_name(meter: str) -> str:
    """The meter as the head of a column."""
    return words.name_of(meter, words.COLUMN_NAMES if meter in words.COLUMN_NAMES else METER_NAMES)


@register.filter
def multiplier_name(name: str) -> str:
    return words.name_of(name, words.MULTIPLIER_NAMES)


@register.filter
def lifecycle_name(code: str) -> str:
    return words.name_of(code, words.LIFECYCLE_NAMES)


@register.filter
def lifecycle_tone(code: str) -> str:
    return words.LIFECYCLE_TONES.get(code, "")


@register.filter
def short_count(count: int | None) -> str:
    return NONE if count is None else words.short_count(count)


@register.filter
def in_words(conditions: Mapping[str, str | bool]) -> str:
    """`Resolution 720P · Sound: Yes`; empty for a price of everything."""
    parts = (
        gettext("%(name)s: %(value)s")
        % {"name": words.name_of(name, words.CONDITION_NAMES), "value": value_name(value)}
        for name, value in conditions.items()
    )
    return " · ".join(parts)


@register.filter
def sizes(row: Row) -> str:
    """Which sizes a row is for, both ends written out; empty for every size."""
    return size_range(row.start, row.end)


@register.simple_tag
def size_range(start: int, end: int | None) -> str:
    if end is None:
        return gettext("%(start)s and more") % {"start": f"{start:,}"} if start else ""
    if start == 0:
        return gettext("Under %(end)s") % {"end": f"{end:,}"}
    return gettext("%(start)s to under %(end)s") % {"start": f"{start:,}", "end": f"{end:,}"}


@register.filter
def instant(at: datetime) -> str:
    """The day and the minute, for what begins then: `24 Nov 2026, 10:00`."""
    return date_format(localtime(at), pgettext("date format", "j M Y, H:i"), use_l10n=False)


@register.filter
def percent(value: Decimal) -> str:
    """`12.50` → `12.5 %`."""
    text = f"{abs(value):f}"
    shown = text.rstrip("0").rstrip(".") if "." in text else text
    return gettext("%(percent)s%%") % {"percent": shown}
