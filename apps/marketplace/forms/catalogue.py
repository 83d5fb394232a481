"""The back office's forms for the catalogue: what they accept is what imports accept."""

import json
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.json_forms import TypedJsonField
from apps.marketplace.catalogue_file import read_display_config
from apps.marketplace.errors import CatalogueError
from apps.marketplace.models import CreditRate, Model


class IndentedJson(json.JSONEncoder):
    """JSON for people to edit."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**(options | {"indent": 2}))


def json_area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "cols": 100, "spellcheck": "false"})


class ModelForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    display_config = TypedJsonField(
        label=_("display_config"), required=False, encoder=IndentedJson, widget=json_area(20)
    )

    class Meta:
        model = Model
        fields = (
            "code",
            "type",
            "vendor",
            "lifecycle",
            "retired_on",
            "successor",
            "access_groups",
            "display_config",
        )

    def clean_successor(self) -> Model | None:
        successor: Model | None = self.cleaned_data["successor"]
        if successor is not None and successor.pk == self.instance.pk:
            raise forms.ValidationError(_("A model cannot succeed itself."))
        return successor

    def clean_display_config(self) -> dict[str, Any]:
        try:
            return dict(read_display_config(self.cleaned_data["display_config"] or {}, "display_config"))
        except CatalogueError as error:
            raise forms.ValidationError(str(error.text)) from None


class CreditRateForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """`at` is the instant the form was cleaned: the service is to judge by the same one."""

    at: datetime

    class Meta:
        model = CreditRate
        fields = ("currency", "credits_per_unit", "starts_at")

    def clean_starts_at(self) -> datetime:
        starts_at: datetime = self.cleaned_data["starts_at"]
        self.at = clock.now()
        if starts_at < self.at:
            raise forms.ValidationError(_("A rate cannot begin in the past."))
        return starts_at
