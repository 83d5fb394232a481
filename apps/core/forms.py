"""Fields that pages of several apps ask with."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.money import nanos_from_text


class CreditsField(forms.CharField):
    """An amount in credits, given on as nanocredits; what may stay empty becomes None."""

    def __init__(self, *, may_be_zero: bool = False, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"class": "vTextField", "inputmode": "decimal", "autocomplete": "off"})
        super().__init__(max_length=20, widget=widget, **kwargs)
        self.may_be_zero = may_be_zero

    def clean(self, value: Any) -> Any:
        text = str(super().clean(value)).strip()
        if not text:
            return None
        try:
            nanos = int(nanos_from_text(text))
        except ValueError:
            raise forms.ValidationError(_("Write an amount such as 10 or 10.50, with at most nine decimals.")) from None
        if nanos < 0 or (nanos == 0 and not self.may_be_zero):
            raise forms.ValidationError(_("Write an amount above 0."))
        return nanos
