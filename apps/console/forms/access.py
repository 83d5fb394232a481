"""What staff write when they grant a model or change what an access group multiplies prices by."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.admin import ReasonForm, UtcInstantField


class EndModelGrantForm(ReasonForm):
    model = forms.CharField(
        label=_("Model"),
        max_length=120,
        help_text=_("The id that calls name, such as gpt-4o-mini."),
        widget=forms.TextInput(attrs={"class": "vTextField", "spellcheck": "false", "autocapitalize": "none"}),
    )
    field_order: tuple[str, ...] = ("model", "reason")


class GrantModelForm(EndModelGrantForm):
    ends_at = UtcInstantField(
        label=_("Until"), required=False, help_text=_("UTC. Leave empty for: until somebody ends it.")
    )
    field_order = ("model", "ends_at", "reason")


class MultiplierForm(ReasonForm):
    multiplier = forms.DecimalField(
        label=_("New multiplier"),
        min_value=Decimal(0),
        max_digits=8,
        decimal_places=4,
        help_text=_("1 is the list price, 0.8 is 20 % below it, 1.2 is 20 % above it."),
    )
    starts_at = UtcInstantField(
        label=_("In force from"),
        required=False,
        help_text=_("UTC. Leave empty for the earliest: at once for a lower one, after the notice for a higher one."),
    )
    field_order = ("multiplier", "starts_at", "reason")
