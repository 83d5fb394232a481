"""What people may write on the pages of a team, and what is said when it does not fit."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.console.forms.refusals import RefusableForm
from apps.console.words.teams import ROLE_NAMES, SWITCHED, RoleChoice, role_choices
from apps.teams import roles
from apps.teams.types import Member, TeamAccess

NAME_LENGTH = 80


class NewTeamForm(RefusableForm):
    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_LENGTH,
        help_text=_("Its members see it, and whoever you invite. You can change it later."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class TeamForm(RefusableForm):
    """Belongs to one team. Whoever switched teams in another tab meanwhile acts on neither by mistake."""

    team = forms.CharField(widget=forms.HiddenInput)

    def __init__(
        self, data: Mapping[str, Any] | None, *, access: TeamAccess, initial: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial={"team": access.public_id, **(initial or {})})
        self.access = access

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("team") != self.access.public_id:
            self.data = {**dict(self.data.items()), "team": self.access.public_id}
            self.add_error(None, SWITCHED)
        return cleaned


class TeamNameForm(TeamForm):
    name = forms.CharField(
        label=_("Name"), max_length=NAME_LENGTH, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class RoleForm(TeamForm):
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[(code, ROLE_NAMES[code]) for code in roles.GIVEN],
        error_messages={"required": _("Choose a role."), "invalid_choice": _("Choose a role.")},
    )

    @property
    def role_choices(self) -> list[RoleChoice]:
        return role_choices(str(self["role"].value() or ""))


class InvitationForm(RoleForm):
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        help_text=_("With or without an account here. Only whoever reads mail at this address can accept."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"invalid": _("Write an e-mail address such as ada@example.com.")},
    )


class TransferForm(TeamForm):
    """Who owns the team from now on, and the team's name written out, so that nobody does it by a slip."""

    member = forms.ChoiceField(label=_("New owner"), error_messages={"required": _("Choose a member.")})
    name = forms.CharField(
        label=_("Name of the team"), max_length=NAME_LENGTH, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, data: Mapping[str, Any] | None, *, access: TeamAccess, heirs: Sequence[Member]) -> None:
        super().__init__(data, access=access)
        choices = [("", _("Choose a member")), *((heir.public_id, heir.shown_name) for heir in heirs)]
        self.fields["member"].choices = choices  # type: ignore[attr-defined]
        self._heirs = {heir.public_id: heir for heir in heirs}

    def clean_name(self) -> str:
        name: str = " ".join(self.cleaned_data["name"].split())
        if name != self.access.name:
            raise forms.ValidationError(_("Write the name of the team exactly as it stands above."))
        return name

    @property
    def heir(self) -> Member:
        return self._heirs[self.cleaned_data["member"]]
