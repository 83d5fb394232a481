"""The back office's forms for tokens and channels: what they accept is what the services accept."""

from typing import Any, cast

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _

from apps.core.admin import ReasonForm
from apps.core.forms import CreditsField
from apps.relay import services
from apps.relay.errors import ChannelInvalid
from apps.relay.models import Channel, Reset

TERMS = ("kind", "base_url", "priority", "weight", "region", "transport", "bills_after_cancel")


class ChannelForm(forms.ModelForm[Channel]):
    base_url = forms.URLField(label=_("base URL"), max_length=300, required=False, assume_scheme="https")

    class Meta:
        model = Channel
        fields = ("name", *TERMS, "access_groups")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        try:
            services.check_channel(Channel(name="-"), **self.terms())
        except ChannelInvalid as error:
            field = str(error.details.get("field", ""))
            raise ValidationError({field if field in self.fields else NON_FIELD_ERRORS: str(error.text)}) from None
        return cleaned

    def terms(self) -> services.ChannelTerms:
        """What the form says of the channel itself, as the services take it."""
        terms: dict[str, Any] = {name: self.cleaned_data[name] for name in TERMS if name in self.cleaned_data}
        if "access_groups" in self.cleaned_data:
            terms["access_groups"] = [group.code for group in self.cleaned_data["access_groups"]]
        return cast(services.ChannelTerms, terms)


class TokenLimitForm(ReasonForm):
    limit = CreditsField(
        label=_("Limit in credits"),
        required=False,
        may_be_zero=True,
        help_text=_("Leave empty, or write 0, for no limit of its own."),
    )
    reset = forms.ChoiceField(label=_("Filled up again"), required=False, choices=[("", _("Never")), *Reset.choices])
    field_order = ("limit", "reset", "reason")


class KeyForm(ReasonForm):
    key = forms.CharField(
        label=_("Key"),
        max_length=4_000,
        strip=True,
        help_text=_("Stored encrypted. Nobody can read it here again, only replace it."),
        widget=forms.PasswordInput(attrs={"class": "vTextField", "autocomplete": "off"}),
    )


class ProbeForm(ReasonForm):
    model = forms.CharField(label=_("Model"), required=False, help_text=_("Empty: the first one of the channel."))
    reason = forms.CharField(label=_("Reason"), max_length=200, initial=_("Connection test"))
