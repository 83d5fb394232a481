"""The form by which rewards move to a balance: how much, whose, and a key that makes a second click harmless."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.money import credits_text, nanos_from_text
from apps.teams.types import TeamAccess


class RewardTransferForm(forms.Form):
    """Written in credits, so that everything can be moved to the last decimal."""

    amount = forms.CharField(
        label=_("Amount"), widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    )
    team = forms.ChoiceField(label=_("To the balance of"))
    key = forms.CharField(max_length=80, required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, teams: Sequence[TeamAccess], names: Mapping[str, str], available_nanos: int, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.initial["amount"] = credits_text(available_nanos)
        self._teams = {team.public_id: team for team in teams}
        self.fields["team"].choices = [(id_, names[id_]) for id_ in self._teams]  # type: ignore[attr-defined]

    def clean_amount(self) -> int:
        try:
            return nanos_from_text(self.cleaned_data["amount"].strip())
        except ValueError:
            raise forms.ValidationError(_("Write an amount in credits such as 10 or 10.50.")) from None

    def clean_key(self) -> str:
        return str(self.cleaned_data["key"]) or uuid4().hex

    @property
    def chosen_team(self) -> TeamAccess:
        return self._teams[self.cleaned_data["team"]]

    @property
    def has_choice(self) -> bool:
        return len(self._teams) > 1
