"""Which days and kinds of a statement are shown."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from apps.console.statement_days import Days, checked, month_of, months_between, parse_days
from apps.console.words.wallet import MOVEMENT_NAMES
from apps.wallet.statement_lines import Code


class StatementForm(forms.Form):
    """Which lines of a statement to show: a month or other days, a kind, calls one by one or by day.

    `from` and `to` come from fields of their own and go before the period. Days that are none are said to be none;
    the other choices count as all where they are no choices of ours.
    """

    period = forms.CharField(label=_("Period"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("All kinds")), *MOVEMENT_NAMES.items()])
    view = forms.ChoiceField(
        label=_("Calls"), required=False, choices=[("", _("Calls by day")), ("calls", _("Every call"))]
    )

    def __init__(self, data: Mapping[str, Any], *, today: date, since: date) -> None:
        super().__init__(data)
        self.fields["from"] = forms.DateField(label=_("From"), required=False, widget=_day_input())
        self.fields["to"] = forms.DateField(label=_("To"), required=False, widget=_day_input())
        self._today = today
        self.days = month_of(today)
        self.full_clean()
        self._offer(months_between(min(since, today), today))

    def clean(self) -> dict[str, Any]:
        chosen = super().clean() or self.cleaned_data
        first_on, last_on = chosen.get("from"), chosen.get("to")
        try:
            if first_on or last_on:
                self.days = checked(_days_between(first_on, last_on, today=self._today))
            elif chosen.get("period"):
                self.days = parse_days(chosen["period"])
        except (ValueError, OverflowError):  # the latter where a calendar ends
            self.add_error("to" if first_on or last_on else "period", _("Choose days in their order, from 2000 on."))
        return chosen

    @property
    def codes(self) -> list[Code]:
        kind = self.cleaned_data.get("kind")
        return [Code(kind)] if kind else []

    @property
    def by_day(self) -> bool:
        return not self.cleaned_data.get("view")

    def _offer(self, months: Iterable[Days]) -> None:
        """The months there are, and the days at hand where they are none of these."""
        choices = {month.as_text(): _days_label(month) for month in months}
        text = self.days.as_text()
        other = {} if text in choices else {text: _days_label(self.days)}
        self.fields["period"].widget = forms.Select(choices=[*other.items(), *choices.items()])
        for name in ("period", "kind", "view"):
            self.fields[name].widget.attrs |= {"class": "select", "aria-label": self.fields[name].label}


def _days_between(first_on: date | None, last_on: date | None, *, today: date) -> Days:
    """Without a last day up to today; without a first one from the beginning of the last one's month."""
    last_on = last_on or max(first_on or today, today)
    return Days(first_on or month_of(last_on).first_on, last_on)


def _days_label(days: Days) -> str:
    if days.is_month:
        return date_format(days.first_on, pgettext("date format", "F Y"), use_l10n=False)
    edges = (date_format(on, pgettext("date format", "j M Y"), use_l10n=False) for on in (days.first_on, days.last_on))
    return gettext("%(first)s to %(last)s") % dict(zip(("first", "last"), edges, strict=True))


def _day_input() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "input"})
