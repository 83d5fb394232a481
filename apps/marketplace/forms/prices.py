"""The back office's forms for prices: one model's new price, and many models' by a percentage."""

from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.admin import ReasonForm, UtcInstantField
from apps.core.json_forms import TypedJsonField
from apps.marketplace.errors import PricingConfigError
from apps.marketplace.forms.catalogue import IndentedJson, json_area
from apps.marketplace.models import ModelType, Vendor
from apps.marketplace.pricing_config import validate_config, without_version_facts
from apps.marketplace.samples import Usage, read_usage

_MOST_MODELS: Final = 2000
_LONGEST_LIST: Final = 300_000


def _instant_field(help_text: Any) -> UtcInstantField:
    return UtcInstantField(label=_("In force from"), required=False, help_text=help_text)


class NewPriceForm(ReasonForm):
    """A new price version; the page begins with the last one's config."""

    pricing_config = TypedJsonField(
        label=_("pricing_config"),
        help_text=_("Amounts as text, in CREDIT, USD or CNY. USD and CNY become credits at today's rate, for good."),
        encoder=IndentedJson,
        widget=json_area(24),
    )
    sample = forms.CharField(
        label=_("A call to preview"),
        required=False,
        max_length=400,
        help_text=_("Such as input_tokens=12000 output_tokens=700 thinking=true. Usual calls are previewed anyway."),
        widget=forms.TextInput(attrs={"class": "vTextField", "spellcheck": "false"}),
    )
    starts_at = _instant_field(
        _(
            "UTC. Leave empty for the earliest instant: at once, or after the notice that is owed where some calls get "
            "dearer. A model's first price is always in force at once."
        )
    )
    announcement = forms.CharField(
        label=_("Announcement"),
        required=False,
        max_length=40,
        help_text=_("The id (ann_…) of a published one. Only where a pegged price leaves the official price."),
        widget=forms.TextInput(attrs={"class": "vTextField", "spellcheck": "false"}),
    )
    field_order = ("pricing_config", "sample", "starts_at", "announcement", "reason")

    def clean_pricing_config(self) -> dict[str, Any]:
        config = self.cleaned_data["pricing_config"]
        if not isinstance(config, dict):
            raise forms.ValidationError(_("Write an object in braces."))
        try:
            validate_config(config)
        except PricingConfigError as error:
            raise forms.ValidationError(str(error.text)) from None
        return without_version_facts(config)

    def clean_sample(self) -> Usage | None:
        try:
            return read_usage(self.cleaned_data["sample"])
        except PricingConfigError as error:
            raise forms.ValidationError(str(error.problem)) from None


class PreviewForm(NewPriceForm):
    """The same before there is a reason."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"].required = False


class BulkForm(forms.Form):
    """Which models, and by how much."""

    vendor = forms.ModelChoiceField(
        Vendor.objects.all(), label=_("Vendor"), required=False, empty_label=_("All vendors"), to_field_name="code"
    )
    type = forms.ModelChoiceField(
        ModelType.objects.all(), label=_("Type"), required=False, empty_label=_("All types"), to_field_name="code"
    )
    models = forms.CharField(
        label=_("Models"),
        required=False,
        max_length=_LONGEST_LIST,
        help_text=_("Ids, one a line. Leave empty for all of the vendor and type above."),
        widget=forms.Textarea(attrs={"rows": 6, "cols": 60, "spellcheck": "false"}),
    )
    percent = forms.DecimalField(
        label=_("Percent"),
        min_value=Decimal(-90),
        max_value=Decimal(900),
        decimal_places=4,
        help_text=_(
            "Such as 5 or -12.5. Each amount is multiplied as it was entered, in its own currency, and rounded half up "
            "to six significant digits."
        ),
    )
    starts_at = _instant_field(
        _("UTC. Leave empty for the earliest instant: decreases at once, increases after the notice that is owed.")
    )

    def clean_models(self) -> tuple[str, ...]:
        codes = tuple(dict.fromkeys(filter(None, map(str.strip, self.cleaned_data["models"].splitlines()))))
        if len(codes) > _MOST_MODELS:
            raise forms.ValidationError(_("Name at most %(most)d models.") % {"most": _MOST_MODELS})
        return codes

    def clean_percent(self) -> Decimal:
        percent: Decimal = self.cleaned_data["percent"]
        if not percent:
            raise forms.ValidationError(_("Write a percentage other than 0."))
        return percent


class PublishBulkForm(ReasonForm, BulkForm):
    """What was previewed, and why. `digest` names the preview that is applied, and no other."""

    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in BulkForm.base_fields:
            self.fields[name].widget = self.fields[name].hidden_widget()
