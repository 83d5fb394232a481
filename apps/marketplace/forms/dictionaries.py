"""The back office's forms for the dictionaries: what they accept is what a catalogue file may say."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.admin import ReasonForm
from apps.core.json_forms import TypedJsonField
from apps.marketplace import services
from apps.marketplace.catalogue_file import read_endpoints, read_facets, read_names
from apps.marketplace.errors import CatalogueError, TemplateInvalid
from apps.marketplace.forms.catalogue import IndentedJson, json_area
from apps.marketplace.models import ModelType, PricingTemplate, Vendor
from apps.wallet.errors import StandardQuotaGone
from apps.wallet.quota_types import is_gone

# What a new template begins with: the least that one needs.
FIRST_DEFINITION: Mapping[str, Any] = {
    "model_types": ["chat"],
    "label": {"en": "Per token", "zh-hans": "按 token"},
    "meters": [
        {"meter": "input_tokens", "unit": 1_000_000, "required": True},
        {"meter": "output_tokens", "unit": 1_000_000, "required": True},
    ],
    "tiering": "none",
    "hold": "input_plus_max_output",
    "line_format": {"en": "{price} / 1M tokens", "zh-hans": "{price} / 百万 token"},
    "json_schema": {"type": "object"},
    "defaults": {},
}


class CheckedJson(TypedJsonField):
    """JSON that `check` accepts; its refusal is the field's error."""

    def __init__(self, check: Callable[[Any], object], *, rows: int, empty: object = None, **options: Any) -> None:
        super().__init__(encoder=IndentedJson, widget=json_area(rows), **options)
        self.check, self.empty = check, empty

    def clean(self, value: Any) -> Any:
        found = super().clean(value)
        found = self.empty if found is None else found
        try:
            self.check(found)
        except (CatalogueError, TemplateInvalid) as error:
            raise forms.ValidationError(str(error.text)) from None
        return found


def _definition() -> CheckedJson:
    """Everything a version of a template says, as one object."""
    return CheckedJson(
        services.check_definition,
        rows=36,
        label=_("Definition"),
        help_text=_(
            "Types of models, meters with units and conditions, tiering (none, volume or graduated), the line that "
            "pages write, a JSON schema for more rules, and the config that a new price begins with."
        ),
    )


def _names() -> CheckedJson:
    return CheckedJson(
        lambda value: read_names(value, "name"),
        rows=4,
        initial=dict,
        label=_("name by language"),
        help_text=_('For example {"en": "Chat", "zh-hans": "对话"}.'),
    )


class NewTemplateForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    definition = _definition()

    class Meta:
        model = PricingTemplate
        fields = ("code",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("definition", dict(FIRST_DEFINITION))

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"].lower()
        if PricingTemplate.objects.filter(code=code).exists():
            raise forms.ValidationError(_("There is such a template: open it and publish a new version there."))
        return code


class NewVersionForm(ReasonForm):
    definition = _definition()
    field_order = ("definition", "reason")


class VendorForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    name = _names()

    class Meta:
        model = Vendor
        fields = ("code", "name")


class ModelTypeForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    name = _names()
    endpoints = CheckedJson(
        lambda value: read_endpoints(value, "type"),
        rows=6,
        empty=[],
        initial=list,
        required=False,
        label=_("endpoints"),
        help_text=_("Paths that serve this type, such as /v1/images/generations."),
    )
    facets = CheckedJson(
        lambda value: read_facets(value, "type"),
        rows=6,
        empty=[],
        initial=list,
        required=False,
        label=_("facets"),
        help_text=_("What models of this type are told apart by."),
    )

    class Meta:
        model = ModelType
        fields = ("code", "name", "position", "endpoints", "facets")

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if is_gone(code):
            raise forms.ValidationError(StandardQuotaGone.text)
        return code
