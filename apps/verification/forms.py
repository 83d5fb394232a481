"""What a reviewer is asked before a decision."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.admin import ReasonForm
from apps.verification.models import ReasonCode

# The rest is for what decides by itself.
OFFERED = [choice for choice in ReasonCode.choices if choice[0] not in {"check_failed", "infected", "account_closed"}]


class ApproveForm(ReasonForm):
    reason = forms.CharField(
        label=_("Note"),
        max_length=200,
        required=False,
        help_text=_("For the audit trail. The applicant does not see it."),
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )


class RejectForm(ReasonForm):
    code = forms.ChoiceField(label=_("Reason"), choices=[("", "–"), *OFFERED])
    reason = forms.CharField(
        label=_("In words"),
        max_length=200,
        required=False,
        help_text=_("The applicant reads this, in no other language than yours. Write no numbers of documents here."),
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )

    field_order = ("code", "reason")

    def clean(self) -> None:
        super().clean()
        if self.cleaned_data.get("code") == ReasonCode.OTHER and not self.cleaned_data.get("reason"):
            self.add_error("reason", _("Say in words why."))


class RevokeForm(ReasonForm):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("The applicant reads this. Write no numbers of documents here."),
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )
