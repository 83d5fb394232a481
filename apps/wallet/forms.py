"""What staff write on the pages of their acts, and what is said when it does not fit."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core.admin import ReasonForm
from apps.core.forms import CreditsField
from apps.core.ids import uuid7
from apps.wallet.errors import StandardQuotaGone
from apps.wallet.models import Refill
from apps.wallet.quota_types import gone_field


class CorrectionForm(ReasonForm):
    """The reason of an act on a customer's credits stands on their statement, too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _("Kept for good. The customer reads it on the statement.")


class KeyedForm(CorrectionForm):
    """The key is drawn when the page opens: sending the same page twice acts once."""

    purpose: ClassVar[str]

    key = forms.CharField(widget=forms.HiddenInput, max_length=80)
    field_order = ("amount", "reason", "key")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = f"{self.purpose}:{uuid7()}"

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"]
        if not key.startswith(f"{self.purpose}:"):
            raise forms.ValidationError(_("Open the page again."))
        return key

    def clean(self) -> dict[str, Any] | None:
        """Refuses a kind of credit that is gone, although no form of ours asks for one: forms are sent by hand too."""
        if gone_field(self.data) is not None:
            raise forms.ValidationError(StandardQuotaGone.text)
        return super().clean()


class AmountForm(KeyedForm):
    amount = CreditsField(label=_("Credits"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].help_text = self.amount_help()

    def amount_help(self) -> str:
        return gettext("An amount such as 10 or 10.50. Above %(limit)s credits, a second person has to approve.") % {
            "limit": settings.APPROVAL_ABOVE_CREDITS
        }


class PartOfLotForm(AmountForm):
    amount = CreditsField(label=_("Credits"), required=False)

    def amount_help(self) -> str:
        return gettext(
            "Leave empty for all that is unspent and not held by calls. Above %(limit)s credits, a second person has "
            "to approve."
        ) % {"limit": settings.APPROVAL_ABOVE_CREDITS}


class GrantForm(AmountForm):
    purpose = "staff-grant"


class DebitForm(AmountForm):
    purpose = "staff-debit"


class ChargeRefundForm(AmountForm):
    purpose = "staff-charge-refund"


class WithdrawalForm(PartOfLotForm):
    purpose = "staff-withdrawal"


class LotRefundForm(PartOfLotForm):
    purpose = "staff-lot-refund"


class LimitForm(ReasonForm):
    limit = CreditsField(
        label=_("Limit in credits"),
        required=False,
        may_be_zero=True,
        help_text=_("Leave empty for no limit. A limit below what is used refuses further calls."),
    )
    refill = forms.ChoiceField(label=_("Filled up again"), required=False, choices=[("", _("Never")), *Refill.choices])
    field_order = ("limit", "refill", "reason")
