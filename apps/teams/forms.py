"""What staff write about teams in the back office."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.admin import ReasonForm, UtcInstantField
from apps.teams.models import AccessGroup, StaffBinding


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


class EndGroupGrantForm(ReasonForm):
    access_group = forms.ModelChoiceField(AccessGroup.objects.all(), label=_("Access group"))
    field_order: tuple[str, ...] = ("access_group", "reason")


class GrantGroupForm(EndGroupGrantForm):
    ends_at = UtcInstantField(
        label=_("Until"), required=False, help_text=_("UTC. Leave empty for: until somebody ends it.")
    )
    field_order = ("access_group", "ends_at", "reason")
