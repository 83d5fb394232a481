"""What templates say: icons, amounts, dates, fields. Shows prepared values; looks nothing up."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django import template
from django.forms import BoundField, CheckboxInput, Select, Textarea
from django.template.context import RequestContext
from django.templatetags.static import static
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext, pgettext

from apps.console import amounts
from apps.console.identities import Provider, offered
from apps.console.readers import reader_of
from apps.core.languages import reads_chinese
from apps.core.money import credits_text

register = template.Library()

NONE: Final = "–"


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    css = f"icon {size}".strip()
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>', css, static("icons.svg"), name)


@register.simple_tag
def mark() -> SafeString:
    return format_html('<svg aria-hidden="true"><use href="{}#mark"/></svg>', static("icons.svg"))


@register.simple_tag
def html_lang() -> str:
    return "zh-Hans" if reads_chinese() else "en"


@register.simple_tag(takes_context=True)
def money(context: RequestContext, nanos: int | None, places: int = amounts.BALANCE_PLACES, unit: str = "") -> str:
    """The one way money is written: plain for balances, `places=4` for a call, `unit="credits"` beside."""
    if nanos is None:
        return NONE
    reader = reader_of(context["request"])
    return amounts.amount_text(nanos, reader, unit=unit or reader.unit, places=places)


@register.simple_tag(takes_context=True)
def figure(context: RequestContext, nanos: int, places: int = amounts.BALANCE_PLACES, unit: str = "") -> str:
    """Money without its sign, for columns whose head names the unit."""
    reader = reader_of(context["request"])
    return amounts.figure_text(nanos, reader.rate_of(unit or reader.unit), places=places)


@register.simple_tag(takes_context=True)
def second_money(context: RequestContext, nanos: int) -> str:
    """What stands beside the first figure: credits, and the other currency where the reader's unit is money."""
    reader = reader_of(context["request"])
    other = amounts.amount_text(nanos, reader, unit=reader.second_unit, places=amounts.BALANCE_PLACES)
    if reader.unit == "credits":
        return other
    beside = amounts.amount_text(nanos, reader, unit="credits", places=amounts.BALANCE_PLACES)
    return f"{beside} · {other}"


@register.simple_tag(takes_context=True)
def unit_name(context: RequestContext) -> str:
    """The reader's unit as a column head names it."""
    reader = reader_of(context["request"])
    return reader.sign or gettext("credits")


@register.filter
def credits(nanos: int) -> str:  # noqa: A001  what templates call it
    """Every decimal there is, for figures that are to be added up; a true minus."""
    return credits_text(nanos).replace("-", amounts.MINUS)


@register.filter
def number(value: int | None) -> str:
    return NONE if value is None else f"{value:,}"


@register.filter
def seconds(milliseconds: int | None) -> str:
    """40 → `40 ms`, 1900 → `1.9 s`, over a minute `2 min 43 s`."""
    if milliseconds is None:
        return NONE
    if milliseconds < 1_000:
        return gettext("%(milliseconds)s ms") % {"milliseconds": milliseconds}
    if milliseconds < 60_000:
        return gettext("%(seconds)s s") % {"seconds": f"{milliseconds / 1000:.1f}"}
    minutes, rest = divmod(round(milliseconds / 1000), 60)
    return gettext("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": rest}


@register.filter
def moment(at: datetime | None) -> str:
    """The instant in the reader's zone, with seconds and the month as a word."""
    if at is None:
        return NONE
    return date_format(localtime(at), pgettext("date format", "j M, H:i:s"), use_l10n=False)


@register.filter
def day(at: Any) -> str:
    """The day with its year; takes an instant or a date."""
    if at is None:
        return NONE
    local = localtime(at) if isinstance(at, datetime) else at
    return date_format(local, pgettext("date format", "j M Y"), use_l10n=False)


@register.filter
def short_day(at: Any) -> str:
    """The day without its year; takes an instant or a date."""
    local = localtime(at) if isinstance(at, datetime) else at
    return date_format(local, pgettext("date format", "j M"), use_l10n=False)


@register.filter
def time_of_day(at: datetime) -> str:
    return date_format(localtime(at), "H:i:s", use_l10n=False)


@register.filter
def weekday(on: Any) -> str:
    return date_format(on, pgettext("date format", "l j F Y"), use_l10n=False)


@register.simple_tag
def identity_providers() -> list[Provider]:
    """Where people may have an account that signs them in here."""
    return offered()


@register.inclusion_tag("components/_field.html")
def field(bound: BoundField, label: str = "", help: str = "", prefix: str = "", suffix: str = "") -> dict[str, Any]:  # noqa: A002
    """A labelled control; an error takes the place of the help and is tied to the control."""
    identifier = bound.auto_id
    errors = list(bound.errors)
    text = help or bound.help_text
    described = f"{identifier}_error" if errors else f"{identifier}_help" if text else False
    attrs = {
        "class": _control_class(bound),
        "placeholder": False,
        "aria-describedby": described,
        "aria-invalid": "true" if errors else False,
    }
    return {
        "id": identifier,
        "label": label or bound.label,
        "control": bound.as_widget(attrs=attrs),
        "is_check": isinstance(bound.field.widget, CheckboxInput),
        "help": text,
        "errors": errors,
        "prefix": prefix,
        "suffix": suffix,
    }


def _control_class(bound: BoundField) -> str | bool:
    widget = bound.field.widget
    if isinstance(widget, CheckboxInput):
        return False
    if isinstance(widget, Textarea):
        return "input"
    return "select" if isinstance(widget, Select) else "input"


@register.inclusion_tag("components/_form_errors.html")
def form_errors(form: Any) -> Mapping[str, Any]:
    """What is wrong with the form as a whole."""
    return {"errors": form.non_field_errors()}
