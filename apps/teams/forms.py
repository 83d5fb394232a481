"""What staff write about teams in the back office."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from apps.teams.models import StaffBinding


class StaffBindingForm(forms.ModelForm[StaffBinding]):
    class Meta:
        model = StaffBinding
        fields = ("user", "team")

    def clean_user(self) -> Any:
        """Whoever may do everything would be bound in name only: superusers write these rows themselves."""
        user = self.cleaned_data["user"]
        if not user.is_staff or user.is_superuser:
            raise forms.ValidationError(_("Choose somebody of the staff who is not a superuser."))
        return user
