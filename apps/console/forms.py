"""What people may write on console pages, and what is said when it does not fit."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.types import DisplayUnit, Language


class PreferencesForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=80, required=False, help_text=_("How pages and mails greet you.")
    )
    language = forms.ChoiceField(label=_("Language"), choices=Language.choices)
    display_unit = forms.ChoiceField(
        label=_("Amounts in"), choices=DisplayUnit.choices, help_text=_("What comes first; credits stand beside it.")
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), help_text=_("For the times in logs. Business days stay as they are.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
        self.fields["time_zone"].choices = [(zone, zone.replace("_", " ")) for zone in ["UTC", *zones]]  # type: ignore[attr-defined]


class LanguageForm(forms.Form):
    language = forms.ChoiceField(choices=Language.choices)
