"""Which lines of a team's audit log to show. Anything that is no choice of ours counts as all."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.console.audit_log import STAFF, TeamPeople
from apps.console.words.audit import KIND_NAMES, SENTENCES
from apps.journal.types import TrailFilters


class AuditFilterForm(forms.Form):
    PERIODS = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}

    period = forms.ChoiceField(
        label=_("Period"),
        required=False,
        choices=[
            ("", _("Any time")),
            ("day", _("Last 24 hours")),
            ("week", _("Last 7 days")),
            ("month", _("Last 30 days")),
        ],
    )
    who = forms.ChoiceField(label=_("Person"), required=False)
    kind = forms.ChoiceField(
        label=_("Kind of act"), required=False, choices=[("", _("All kinds")), *KIND_NAMES.items()]
    )

    def __init__(self, data: Mapping[str, Any], *, people: TeamPeople) -> None:
        super().__init__(data)
        self._people = people
        names = sorted(((key, people.names[user_id]) for key, user_id in people.keys.items()), key=lambda one: one[1])
        everybody = [("", _("Everybody")), *names, (STAFF, _("Sluice staff"))]
        self.fields["who"].choices = everybody  # type: ignore[attr-defined]
        for field in self.fields.values():
            field.widget.attrs |= {"class": "select", "aria-label": field.label}

    def filters(self, *, at: datetime) -> TrailFilters:
        self.full_clean()
        chosen = self.cleaned_data
        period = self.PERIODS.get(chosen.get("period", ""))
        return replace(
            self._people.filters_for(chosen.get("who", "")),
            acts=tuple(SENTENCES.get(chosen.get("kind", ""), ())),
            since=None if period is None else at - period,
        )
