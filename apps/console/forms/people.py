"""Signing up, and how a person wants pages to be: language, unit, time zone."""

from typing import Any
from zoneinfo import available_timezones

from allauth.account.forms import SignupForm
from allauth.core import context
from django import forms
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from apps.accounts.types import DisplayUnit, Language
from apps.console import referral_links
from apps.console.services import rehearse_registration

# Each language by its own name, so that whoever reads only that one finds it.
OWN_NAMES = [(Language.ENGLISH, "English"), (Language.CHINESE, "简体中文")]


class PreferencesForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=80, required=False, help_text=_("How pages and mails greet you.")
    )
    language = forms.ChoiceField(label=_("Language"), choices=OWN_NAMES)
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


class SignUpForm(SignupForm):  # type: ignore[misc]
    """allauth's, with the same work for every address: hashing takes most of a second and storing some more, so whoever
    has a clock could tell the addresses that have an account from those that have none.
    """

    referral_code = forms.CharField(
        label=_("Referral code"),
        required=False,
        max_length=64,
        help_text=_("If somebody invited you. Later only support can add it, within seven days."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["referral_code"].initial = referral_links.kept_code(context.request)

    def try_save(self, request: HttpRequest) -> tuple[Any, HttpResponse | None]:
        referral_links.keep_code(request, self.cleaned_data["referral_code"])
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
            code = referral_links.kept_code(request)
            rehearse_registration(referral_code=code)
            referral_links.warn_of_unknown(request, code)
        saved: tuple[Any, HttpResponse | None] = super().try_save(request)
        return saved


class LanguageForm(forms.Form):
    language = forms.ChoiceField(choices=Language.choices)
