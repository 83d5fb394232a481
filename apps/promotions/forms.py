"""What operators write about a campaign: terms in credits, days of the platform's calendar."""

from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.admin import ReasonForm
from apps.core.billing_calendar import day_start
from apps.core.forms import CreditsField
from apps.promotions.models import Campaign
from apps.promotions.types import Beneficiary, CapPeriod, Plan, Stacking, Terms, Trigger

_OF_VERIFICATION: Final = ("enterprise_nanos",)
_OF_OWN_VERIFICATION: Final = ("stacking",)
_OF_PURCHASES: Final = ("rate_percent",)
_OF_INVITERS: Final = ("per_invitee_nanos", "per_inviter_nanos", "cap_period", "delay_days", "auto_transfer")
_OF_ONESELF: Final = ("valid_days",)
_OF_ONE_KIND: Final = {*_OF_VERIFICATION, *_OF_OWN_VERIFICATION, *_OF_PURCHASES, *_OF_INVITERS, *_OF_ONESELF}


def _day() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def _text() -> forms.Textarea:
    return forms.Textarea(attrs={"class": "vLargeTextField", "rows": 4})


def _title() -> forms.TextInput:
    return forms.TextInput(attrs={"class": "vTextField"})


class TermsForm(ReasonForm):
    """All terms of a version; those that make no sense for the campaign's kind are not asked for."""

    amount_nanos = CreditsField(label=_("Amount in credits"), required=False, may_be_zero=True)
    enterprise_nanos = CreditsField(label=_("Amount for an enterprise in credits"), required=False, may_be_zero=True)
    rate_percent = forms.DecimalField(
        label=_("Share of what is paid, in percent"),
        required=False,
        max_digits=6,
        decimal_places=3,
        help_text=_("Instead of an amount."),
    )
    stacking = forms.ChoiceField(label=_("Second kind of verification gets"), choices=Stacking.choices)
    per_invitee_nanos = CreditsField(
        label=_("At most for one invitee"), required=False, help_text=_("In credits; empty for no limit.")
    )
    per_inviter_nanos = CreditsField(
        label=_("At most for one inviter"), required=False, help_text=_("In credits; empty for no limit.")
    )
    cap_period = forms.ChoiceField(label=_("Counted by"), choices=CapPeriod.choices)
    budget_nanos = CreditsField(
        label=_("Budget"),
        required=False,
        help_text=_("For everybody together, in credits, earlier versions included; empty for no limit."),
    )
    delay_days = forms.IntegerField(label=_("Days until a reward is available"), min_value=0, max_value=365)
    new_user_days = forms.IntegerField(
        label=_("Most days since joining"),
        required=False,
        min_value=0,
        max_value=9999,
        help_text=_("Empty for accounts of any age."),
    )
    valid_days = forms.IntegerField(
        label=_("Days until the credits end"),
        required=False,
        min_value=1,
        max_value=9999,
        help_text=_("Empty when they do not end."),
    )
    auto_transfer = forms.BooleanField(label=_("Move rewards to the balance at once"), required=False)
    title_en = forms.CharField(label=_("Title, English"), max_length=120, widget=_title())
    title_zh = forms.CharField(label=_("Title, Chinese"), max_length=120, widget=_title())
    text_en = forms.CharField(label=_("Text, English"), max_length=1000, widget=_text())
    text_zh = forms.CharField(label=_("Text, Chinese"), max_length=1000, widget=_text())
    last_on = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=_day(),
        help_text=_("A business day of the platform; empty until something else is published."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        initial: Any = self.initial
        kept: set[str] = set()
        kept.update(_OF_VERIFICATION if initial["trigger"] == Trigger.VERIFIED else ())
        kept.update(_OF_PURCHASES if initial["trigger"] == Trigger.PURCHASED else ())
        kept.update(_OF_INVITERS if initial["beneficiary"] == Beneficiary.INVITER else _OF_ONESELF)
        if kept.issuperset(_OF_VERIFICATION + _OF_ONESELF):
            kept.update(_OF_OWN_VERIFICATION)
        for name in _OF_ONE_KIND - kept:
            del self.fields[name]
        self.order_fields([*self.first_fields, *(name for name in self.fields if name != "reason"), "reason"])

    first_fields: tuple[str, ...] = ()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        percent = cleaned.pop("rate_percent", None)
        cleaned["plan"] = Plan(
            Terms(
                rate=None if percent is None else percent / 100,
                **{name: cleaned.get(name, default) for name, default in _DEFAULTS.items()},
            ),
            ends_at=_end_of(cleaned.get("last_on")),
        )
        return cleaned


_DEFAULTS: Final[dict[str, Any]] = {
    "title_en": "",
    "title_zh": "",
    "text_en": "",
    "text_zh": "",
    "amount_nanos": None,
    "enterprise_nanos": None,
    "per_invitee_nanos": None,
    "per_inviter_nanos": None,
    "cap_period": CapPeriod.MONTH,
    "budget_nanos": None,
    "delay_days": 0,
    "new_user_days": None,
    "stacking": Stacking.DIFFERENCE,
    "valid_days": None,
    "auto_transfer": False,
}


class PlanForm(TermsForm):
    """The same for a later day."""

    first_on = forms.DateField(label=_("First day"), widget=_day(), help_text=_("A business day of the platform."))
    first_fields = ("first_on", "last_on")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        plan: Plan = cleaned["plan"]
        if cleaned.get("first_on"):
            cleaned["plan"] = Plan(plan.terms, day_start(cleaned["first_on"]), plan.ends_at)
        return cleaned


class LastDayForm(ReasonForm):
    """When a version ends; without a day now."""

    last_on = forms.DateField(label=_("Last day"), required=False, widget=_day(), help_text=_("Empty: it ends now."))
    field_order = ("last_on", "reason")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        cleaned["ends_at"] = _end_of(cleaned.get("last_on"))
        return cleaned


class InviterForm(ReasonForm):
    """Whose invitation somebody forgot to name."""

    code = forms.CharField(
        label=_("Referral code of the inviter"), max_length=64, widget=forms.TextInput(attrs={"class": "vTextField"})
    )
    field_order = ("code", "reason")


class CampaignForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    class Meta:
        model = Campaign
        fields = ("code", "trigger", "beneficiary")


def _end_of(last_on: date | None) -> Any:
    return None if last_on is None else day_start(last_on + timedelta(days=1))
