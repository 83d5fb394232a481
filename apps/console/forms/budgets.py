"""What a budget may be, as its page asks for it: an amount in the reader's unit, or none, and when it is refilled."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.console.amounts import Reader, nanos_from_figure, plain_figure
from apps.console.forms.refusals import RefusableForm
from apps.console.forms.tokens import refill_choices
from apps.console.readers import billing_city
from apps.wallet.types import LimitUse


class BudgetForm(RefusableForm):
    limit = forms.CharField(
        label=_("Budget"),
        required=False,
        help_text=_("Leave it empty for no budget. 0 stops every call that costs something."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    refill = forms.ChoiceField(label=_("Budget is refilled"), required=False)

    def __init__(self, *args: Any, reader: Reader, use: LimitUse | None, at: datetime, **kwargs: Any) -> None:
        """`use`: what there is now; without a budget the form offers a monthly one."""
        self._rate = reader.rate_of(reader.unit)
        self._use = use if use is not None and use.limit_nanos is not None else None
        kwargs["initial"] = self._now()
        super().__init__(*args, **kwargs)
        self.fields["refill"].choices = [("", _("never")), *refill_choices(at)]  # type: ignore[attr-defined]
        self.fields["refill"].help_text = _(
            "At midnight in %(city)s. What is left over does not carry over. Nothing is refilled without a budget."
        ) % {"city": billing_city()}

    def _now(self) -> dict[str, str]:
        if self._use is None or self._use.limit_nanos is None:
            return {"limit": "", "refill": "monthly"}
        return {"limit": plain_figure(self._use.limit_nanos, self._rate), "refill": self._use.refill}

    def clean_limit(self) -> int | None:
        """A budget that only looks rounded in the reader's unit stays as it is."""
        text: str = self.cleaned_data["limit"].strip()
        if not text:
            return None
        if self._use is not None and "limit" not in self.changed_data:
            return self._use.limit_nanos
        try:
            return nanos_from_figure(text, self._rate)
        except ValueError:
            raise forms.ValidationError(_("Write an amount such as 10 or 10.50, or nothing.")) from None
