"""How price alerts and announced prices read: what they are about, and each line from old to new."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from django.utils.translation import get_language, gettext, gettext_lazy

from apps.console.amounts import MINUS, Reader, unit_price_text
from apps.console.words.models import name_of, per_unit, short_count
from apps.core.languages import text_in
from apps.core.money import NANOS_PER_CREDIT
from apps.marketplace.meter_names import METER_NAMES
from apps.marketplace.types import Direction, Subject, WantedDirection
from apps.marketplace.types.alerts import Wish

MULTIPLIER: Final = "multiplier"
"""Stands in the line of a changed access group where others name a meter."""
DIRECTION_WORDS: Final = {
    Direction.UP: gettext_lazy("Price increase"),
    Direction.DOWN: gettext_lazy("Price decrease"),
    Direction.MIXED: gettext_lazy("Some prices up, some down"),
}
WANTED_WORDS: Final = {
    WantedDirection.UP: gettext_lazy("increases only"),
    WantedDirection.DOWN: gettext_lazy("decreases only"),
    WantedDirection.BOTH: gettext_lazy("increases and decreases"),
}


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One line of a change, in the reader's unit."""

    label: str
    old: str
    new: str
    percent: str

    @property
    def text(self) -> str:
        change = f"{self.old} → {self.new}"
        return f"{change} ({self.percent})" if self.percent else change


def named(name: Mapping[str, str], code: str) -> str:
    """The name in the reader's language, else the code."""
    return text_in(name, get_language() or "") or code


def about_words(subject: str, code: str, name: Mapping[str, str]) -> str:
    """What an alert is about."""
    target = {"name": named(name, code)}
    words = {
        Subject.ALL: gettext("All models"),
        Subject.VENDOR: gettext("All models of %(name)s") % target,
        Subject.MODEL: target["name"],
        Subject.GROUP: gettext("Access group %(name)s") % target,
        Subject.LAUNCH: gettext("The start of %(name)s") % target,
    }
    return words[Subject(subject)]


def terms_words(wish: Wish) -> str:
    """Which changes an alert is for: `increases only, from 5 %`."""
    if wish.subject is Subject.LAUNCH:
        return gettext("once, when it starts")
    direction = str(WANTED_WORDS[wish.direction])
    if not wish.threshold_percent:
        return direction
    terms = {"direction": direction, "percent": f"{wish.threshold_percent.normalize():f}"}
    return gettext("%(direction)s, from %(percent)s %%") % terms


def change_title(*, direction: str, model: str, name: Mapping[str, str], group: str, withdrawn: bool) -> str:
    """`Price increase: GPT-4o mini`; a change that was taken back says so first."""
    about = gettext("Access group %(name)s") % {"name": group} if group else named(name, model)
    parts = {"what": str(DIRECTION_WORDS[Direction(direction)]), "name": about}
    if withdrawn:
        return gettext("Taken back: %(what)s, %(name)s") % parts
    return gettext("%(what)s: %(name)s") % parts


def lines_words(lines: Iterable[Mapping[str, Any]], reader: Reader) -> list[ShownLine]:
    return [_shown(line, reader) for line in lines]


def _shown(line: Mapping[str, Any], reader: Reader) -> ShownLine:
    return ShownLine(
        label=_label(line),
        old=_amount(line["old"], line, reader),
        new=_amount(line["new"], line, reader),
        percent=percent_words(line.get("percent")),
    )


def percent_words(percent: str | None) -> str:
    """`+25 %`, with a true minus and at most two decimals; empty where there is nothing to compare with."""
    if percent is None:
        return ""
    rounded = Decimal(percent).quantize(Decimal("0.01")).normalize()
    sign = "+" if rounded > 0 else MINUS if rounded < 0 else ""
    return f"{sign}{abs(rounded):f} %"


def _label(line: Mapping[str, Any]) -> str:
    meter = line["meter"]
    if meter == MULTIPLIER:
        return gettext("Price multiplier")
    unit = [] if line["unit"] == 1 else [per_unit(meter, line["unit"])]
    return " · ".join([name_of(meter, METER_NAMES), *unit, *_conditions(line.get("conditions") or {}), *_sizes(line)])


def _conditions(conditions: Mapping[str, Any]) -> list[str]:
    """`1080p`, `thinking`, `not thinking`."""
    words = []
    for name, value in conditions.items():
        shown = name.replace("_", " ")
        if isinstance(value, bool):
            words.append(shown if value else gettext("not %(condition)s") % {"condition": shown})
        else:
            words.append(str(value))
    return words


def _sizes(line: Mapping[str, Any]) -> list[str]:
    """`from 32K`, `32K–128K`; nothing where every size costs the same."""
    start, end = line.get("from") or 0, line.get("to")
    if end is not None:
        return [f"{short_count(start)}–{short_count(end)}"]
    return [gettext("from %(size)s") % {"size": short_count(start)}] if start else []


def _amount(text: str | None, line: Mapping[str, Any], reader: Reader) -> str:
    if text is None:
        return gettext("not offered")
    if line["meter"] == MULTIPLIER:
        return f"× {text}"
    return unit_price_text(Fraction(text) * NANOS_PER_CREDIT, reader)
