"""What a service says against a form's act, shown where the form asked for it."""

from collections.abc import Mapping
from typing import ClassVar

from django import forms

from apps.core.errors import SluiceError


class RefusableForm(forms.Form):
    """Its act may be refused by a service. An error names its own field, or `refused_at` knows the one it is about."""

    refused_at: ClassVar[Mapping[type[SluiceError], str]] = {}

    def refuse(self, error: SluiceError) -> None:
        """Shows what the service said at the field it is about; without one, above the form."""
        known = (field for kind, field in self.refused_at.items() if isinstance(error, kind))
        field = next(known, str(error.details.get("field", "")))
        self.add_error(field if field in self.fields else None, str(error.text))
