"""What an operator says of a price map: the file, where it came from, whether our prices follow."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.marketplace.types.price_maps import PriceMapTerms


class PriceMapForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_("JSON of at most 12 MiB, such as LiteLLM's price map or the api.json of models.dev."),
        widget=forms.ClearableFileInput(attrs={"accept": ".json,application/json"}),
    )
    source = forms.CharField(
        label=_("Source"),
        max_length=200,
        required=False,
        help_text=_("Where the prices come from, such as “LiteLLM 1.109.1”. If left empty, the file's name."),
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )
    as_of = forms.DateField(
        label=_("As of"),
        help_text=_("The day the prices are of."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    publish = forms.BooleanField(
        label=_("Let our pegged prices follow"),
        required=False,
        help_text=_("Lower prices at once, higher ones with the notice that is owed. Floating prices stay."),
    )

    @property
    def upload_name(self) -> str:
        name: str = self.cleaned_data["file"].name
        return name

    @property
    def content(self) -> bytes:
        content: bytes = self.cleaned_data["file"].read()
        return content

    def as_query(self, file: UUID) -> str:
        """The address of the diff: the file itself stays here."""
        given = self.cleaned_data
        return _query({**given, "file": file, "source": given["source"] or self.upload_name[-200:]})


class PriceMapTermsForm(forms.Form):
    """The same once the file is kept, with the fingerprint of what was shown."""

    file = forms.UUIDField(widget=forms.HiddenInput)
    source = forms.CharField(max_length=200, widget=forms.HiddenInput)
    as_of = forms.DateField(widget=forms.HiddenInput)
    publish = forms.BooleanField(required=False, widget=forms.HiddenInput)
    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    @property
    def terms(self) -> PriceMapTerms:
        given = self.cleaned_data
        return PriceMapTerms(given["source"], given["as_of"], publish=given["publish"], seen=given["seen"])

    def as_query(self) -> str:
        return _query(self.cleaned_data)


def _query(given: Mapping[str, Any]) -> str:
    asked = {"file": given["file"], "source": given["source"], "as_of": given["as_of"].isoformat()}
    return urlencode({**asked, "publish": "on"} if given["publish"] else asked)
