"""When a team is warned that its balance runs low."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.console.amounts import Reader, nanos_from_figure


class WatchForm(forms.Form):
    """By how many days and by which amount the team is warned; the amount in the reader's unit. 0 turns either off."""

    days = forms.IntegerField(
        label=gettext_lazy("Days"),
        min_value=0,
        max_value=90,
        help_text=gettext_lazy("Warn when the balance lasts fewer days at the rate of the last seven. 0 turns it off."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    amount = forms.CharField(
        label=gettext_lazy("Amount"),
        max_length=20,
        help_text=gettext_lazy("Warn when less than this is available, whatever is spent. 0 turns it off."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, reader: Reader, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._reader = reader

    def clean_amount(self) -> int:
        try:
            return nanos_from_figure(self.cleaned_data["amount"], self._reader.rate_of(self._reader.unit))
        except ValueError:
            raise forms.ValidationError(_("Write an amount such as 10 or 10.50. 0 turns it off.")) from None
