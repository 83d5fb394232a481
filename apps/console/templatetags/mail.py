"""What mails say: absolute links, the reader's amounts and times, and parts that carry their own styles."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django import template
from django.conf import settings
from django.template import Context
from django.utils.dateparse import parse_datetime
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import amounts
from apps.console.words import prices
from apps.console.words.instants import instant_words
from apps.core.languages import reads_chinese
from apps.core.money import nanos_from_text

register = template.Library()

# Mail clients keep no style sheet and know no custom property.
_LATIN: Final = "system-ui,-apple-system,'Segoe UI',Roboto"
_HAN: Final = "'PingFang SC','Hiragino Sans GB','Microsoft YaHei','Noto Sans CJK SC'"
_LINKABLE: Final = re.compile(r"(?<=\w)\.(?=\w)|://")
_ROLES: Final = {
    "owner": _("Owner"),
    "admin": _("Admin"),
    "billing": _("Billing"),
    "developer": _("Developer"),
    "viewer": _("Viewer"),
}
_LIMITS: Final = {
    "token": _("an API token"),
    "project": _("a project"),
    "member": _("a member"),
    "team": _("the whole team"),
    "rate": _("a rate"),
}


@register.simple_tag
def mail_lang() -> str:
    return "zh-Hans" if reads_chinese() else "en"


@register.simple_tag
def mail_font() -> SafeString:
    """For a `style` attribute: family and leading of the mail's language, Han faces first where it is Chinese."""
    families, leading = (f"{_HAN},{_LATIN}", "1.7") if reads_chinese() else (f"{_LATIN},{_HAN}", "1.55")
    return SafeString(f"font-family:{families},sans-serif;line-height:{leading};")


@register.simple_tag
def mail_site() -> str:
    return str(settings.PUBLIC_URL)


@register.filter
def absolute(path: str) -> str:
    """`/console/team` with our own address before it; what is no path of ours becomes our address alone."""
    is_ours = path.startswith("/") and not path.startswith("//")
    return f"{settings.PUBLIC_URL}{path}" if is_ours else str(settings.PUBLIC_URL)


@register.inclusion_tag("mail/_button.html")
def mail_button(path: str, label: str) -> dict[str, str]:
    return {"url": absolute(path), "label": label}


@register.inclusion_tag("mail/_fact.html")
def mail_fact(label: str, value: object) -> dict[str, object]:
    return {"label": label, "value": value}


@register.inclusion_tag("mail/_code.html")
def mail_code(code: str) -> dict[str, str]:
    """A code to type, large enough to read from another screen."""
    return {"code": code}


@register.simple_tag
def mail_line(label: str, value: object) -> str:
    """A line of the text part; not escaped, as nothing of it is."""
    return SafeString(gettext("%(label)s: %(value)s") % {"label": label, "value": value})


@register.simple_tag(takes_context=True)
def amount(context: Context, credits_text: str) -> str:
    """Credits as text, `"12.5"`, in the unit of whoever reads; credits beside it where that is money."""
    reader: amounts.Reader = context["reader"]
    nanos = nanos_from_text(credits_text)
    first = amounts.amount_text(nanos, reader, unit=reader.unit, places=amounts.BALANCE_PLACES)
    if reader.unit == "credits":
        return first
    beside = amounts.amount_text(nanos, reader, unit="credits", places=amounts.BALANCE_PLACES)
    return gettext("%(amount)s (%(credits)s)") % {"amount": first, "credits": beside}


@register.simple_tag
def alert_about(subject: str, code: str, name: Mapping[str, str]) -> str:
    """What a price alert is about, for whoever reads the mail."""
    return prices.about_words(subject, code, name)


@register.filter
def change_title(change: Mapping[str, Any]) -> str:
    """`Price increase: GPT-4o mini`."""
    parts = ("direction", "model", "name", "group", "withdrawn")
    return prices.change_title(**{part: change[part] for part in parts})


@register.simple_tag(takes_context=True)
def change_lines(context: Context, change: Mapping[str, Any]) -> list[prices.ShownLine]:
    """Old and new of each line, in the unit of whoever reads."""
    return prices.lines_words(change["lines"], context["reader"])


@register.simple_tag(takes_context=True)
def signed_amount(context: Context, credits_text: str) -> str:
    """`+US$2.03 (+14.20 credits)`: more than before, or less."""
    text = amount(context, credits_text)
    return text if credits_text.startswith("-") else f"+{text}"


@register.filter
def when(at: str | datetime) -> str:
    """An instant, ISO text or not, in the reader's zone; the zone is named, since mails travel."""
    instant = parse_datetime(at) if isinstance(at, str) else at
    if instant is None:
        raise ValueError(f"{at!r} is no instant.")
    return instant_words(instant)


@register.filter
def unlinked(name: str) -> str:
    """A name that strangers chose, so that no mail client makes a link of it."""
    return _LINKABLE.sub(lambda found: "․" if found.group() == "." else "∶//", name)


@register.filter
def role_name(code: str) -> str:
    return str(_ROLES.get(code, code))


@register.filter
def limit_name(code: str) -> str:
    """What a limit bounds, by the name of its kind in small letters."""
    return str(_LIMITS[code])
