"""What somebody types before a team or an account is closed: its name, and each amount that is given up."""

import unicodedata
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext

from apps.console.amounts import figure
from apps.console.closing.types import GivenUp
from apps.core.money import MAX_NANOS, credits_text

ONE: Final = Decimal(1)
PLACES: Final = 2


def figure_to_type(nanos: int) -> str:
    """12345678900 → `12.35`: what a person can type. All decimals of what two of them cannot show."""
    rounded = figure(nanos, ONE, places=PLACES).replace(",", "")
    return rounded if rounded.strip("0.") else credits_text(nanos)


class ClosingForm(forms.Form):
    """Each amount travels twice: exactly as it was shown, and as it was typed. Both are asked again under the lock."""

    name = forms.CharField(widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}))
    balance_nanos = forms.IntegerField(min_value=0, max_value=MAX_NANOS, widget=forms.HiddenInput)
    balance = forms.CharField(required=False)
    reward_nanos = forms.IntegerField(min_value=0, max_value=MAX_NANOS, widget=forms.HiddenInput)
    reward = forms.CharField(required=False)

    def __init__(self, data: QueryDict | None, *, word: str, label: str, shown: GivenUp) -> None:
        super().__init__(data, initial={"balance_nanos": shown.balance_nanos, "reward_nanos": shown.reward_nanos})
        self._word = word
        self.fields["name"].label = label
        self._prepare("balance", gettext("Credits of the balance to give up"), shown.balance_nanos)
        self._prepare("reward", gettext("Credits of the reward balance to give up"), shown.reward_nanos)

    def _prepare(self, name: str, label: str, nanos: int) -> None:
        field = self.fields[name]
        field.label = label
        field.help_text = gettext("To confirm, type: %(word)s") % {"word": figure_to_type(nanos)}
        field.widget.attrs |= {"autocomplete": "off", "inputmode": "decimal"}

    def clean_name(self) -> str:
        typed: str = self.cleaned_data["name"]
        if _plain(typed) != _plain(self._word):
            raise forms.ValidationError(gettext("Type %(word)s, exactly as it stands there.") % {"word": self._word})
        return typed

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in ("balance", "reward"):
            shown = cleaned.get(f"{name}_nanos")
            if shown and not _says(cleaned.get(name, ""), shown):
                self.add_error(name, gettext("Type %(figure)s to give it up.") % {"figure": figure_to_type(shown)})
        return cleaned

    @property
    def given_up(self) -> GivenUp:
        return GivenUp(self.cleaned_data["balance_nanos"], self.cleaned_data["reward_nanos"])


def _says(typed: str, nanos: int) -> bool:
    try:
        return Decimal(_plain(typed).replace(",", "")) == Decimal(figure_to_type(nanos))
    except InvalidOperation:
        return False


def _plain(text: str) -> str:
    """Without what an input method may do to letters and figures."""
    return " ".join(unicodedata.normalize("NFKC", text).split())
