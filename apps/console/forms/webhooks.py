"""What people write about a webhook: its address and which events it gets."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.console.forms.refusals import RefusableForm
from apps.console.mail.notice_kinds import TEAM_EVENTS
from apps.core.outbound import LONGEST_URL, UrlRefused, check_url, reach_of_users
from apps.journal.errors import EndpointTaken


class EventsForm(forms.Form):
    """The events that an address gets; at least one."""

    kinds = forms.MultipleChoiceField(
        label=_("Events"), error_messages={"required": _("Choose at least one event.")}, choices=[]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kinds"].choices = [(kind.code, kind.label) for kind in TEAM_EVENTS]  # type: ignore[attr-defined]

    @property
    def boxes(self) -> list[tuple[str, object, bool]]:
        """Code, label and whether it is ticked."""
        ticked = self["kinds"].value() or ()
        return [(kind.code, kind.label, kind.code in ticked) for kind in TEAM_EVENTS]


class WebhookForm(RefusableForm, EventsForm):
    refused_at = {UrlRefused: "url", EndpointTaken: "url"}

    url = forms.CharField(
        label=_("Address"),
        max_length=LONGEST_URL,
        help_text=_("Public, over https. It has to answer a challenge before it gets anything."),
        widget=forms.TextInput(attrs={"type": "url", "inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"]).strip()
        try:
            check_url(url, reach=reach_of_users())
        except UrlRefused as error:
            raise forms.ValidationError(str(error.text)) from error
        return url
