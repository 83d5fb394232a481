"""The terms of an API token, and when limits are refilled."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.console.amounts import Reader, nanos_from_figure
from apps.console.forms.refusals import RefusableForm
from apps.console.limit_rows import RESET_WORDS, next_refill_on
from apps.console.readers import billing_city
from apps.console.templatetags.console import short_day
from apps.relay.errors import TokenNameTaken


class TokenForm(RefusableForm):
    """A token's terms, its limit in the reader's unit. A limit of 0 has to be meant."""

    refused_at = {TokenNameTaken: "name"}

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("One for each app and environment, so that a leak stops one app."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    limit = forms.CharField(
        label=_("Spending limit"),
        initial="10",
        help_text=_("The most it may spend. You can raise it later. 0 means no limit of its own."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    whole_balance = forms.BooleanField(label=_("Without a limit it may spend the whole balance"), required=False)
    reset = forms.ChoiceField(label=_("Limit is refilled"), required=False)
    models = forms.CharField(
        label=_("Models"),
        required=False,
        help_text=_("One model id a line. Leave empty for every model."),
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, reader: Reader, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._reader = reader
        self.fields["reset"].choices = [("", _("never")), *refill_choices(at)]  # type: ignore[attr-defined]
        self.fields["reset"].help_text = _(
            "At midnight in %(city)s. What is left over does not carry over. Nothing is refilled without a limit."
        ) % {"city": billing_city()}

    def clean_limit(self) -> int:
        try:
            return nanos_from_figure(self.cleaned_data["limit"], self._reader.rate_of(self._reader.unit))
        except ValueError:
            raise forms.ValidationError(_("Write an amount such as 10 or 10.50. 0 means no limit.")) from None

    def clean_models(self) -> list[str]:
        text: str = self.cleaned_data["models"]
        return text.replace(",", " ").split()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("limit") == 0 and not cleaned["whole_balance"]:
            self.add_error("whole_balance", _("Tick this box if you mean it, or write a limit above 0."))
        return cleaned

    def changed_terms(self) -> dict[str, Any]:
        """What the reader changed, as `change_token` takes it: a limit that only looks rounded stays as it is."""
        fields = {"name": "name", "limit": "limit_nanos", "reset": "reset", "models": "model_codes"}
        return {term: self.cleaned_data[field] for field, term in fields.items() if field in self.changed_data}


def refill_choices(at: datetime) -> list[tuple[str, str]]:
    """Every refill there is, with the day of the next one."""
    return [
        (reset, _("%(period)s (next on %(day)s)") % {"period": words, "day": short_day(next_refill_on(reset, at=at))})
        for reset, words in RESET_WORDS.items()
    ]
