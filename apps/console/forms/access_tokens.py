"""What somebody writes to make a personal access token, and the words for its scopes and ends."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console.forms.refusals import RefusableForm
from apps.console.templatetags.console import day
from apps.teams.errors import TokenNameTaken
from apps.teams.limits import TokenState
from apps.teams.types import TeamAccess

MOST_DAYS: Final = 365
LIVES: Final = (7, 30, 90, MOST_DAYS)
ANOTHER_DAY: Final = "day"

SCOPE_WORDS: Final[dict[str, tuple[str | Promise, str | Promise]]] = {
    "read": (_("Read"), _("See balances, the statement, logs and tokens, as far as your role does. Changes nothing.")),
    "tokens": (_("Tokens"), _("Create, change and delete API tokens of the team, which spend its balance.")),
    "projects": (_("Projects"), _("Create and change projects of the team. Never hand one over.")),
    "topup": (_("Top-up"), _("Order top-ups, redeem codes and choose what calls may spend. Never refund.")),
}
ENDS: Final[dict[str, str | Promise]] = {
    TokenState.REVOKED: _("Revoked"),
    TokenState.LEFT: _("No longer in the team"),
    TokenState.CLOSED: _("Team closed"),
    TokenState.EXPIRED: _("Expired"),
}


class AccessTokenForm(RefusableForm):
    """The terms of a new token. Its last day is counted in the reader's time zone and ends at midnight."""

    refused_at = {TokenNameTaken: "name"}

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("Of the script that uses it, so that you know what stops when you revoke it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    team = forms.ChoiceField(label=_("Team"), help_text=_("It acts in this team only, with your role there."))
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        choices=[(scope, words[0]) for scope, words in SCOPE_WORDS.items()],
        initial=["read"],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one scope.")},
    )
    life = forms.ChoiceField(label=_("Expires"), initial="30")
    expires_on = forms.DateField(
        label=_("Last day"),
        required=False,
        help_text=_("Only if you chose another day above. At most 365 days ahead."),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    def __init__(self, *args: Any, reader: str, teams: Sequence[TeamAccess], at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._teams = {team.public_id: team for team in teams}
        self._at = at
        self.fields["team"].choices = [  # type: ignore[attr-defined]
            (team.public_id, team_label(team.name, is_personal=team.is_personal, reader=reader)) for team in teams
        ]
        self.fields["life"].choices = [*_lives(at), (ANOTHER_DAY, _("on another day"))]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("life") == ANOTHER_DAY and "expires_on" in cleaned:
            today = localtime(self._at).date()
            last_on = cleaned["expires_on"]
            if last_on is None or not today <= last_on <= today + timedelta(days=MOST_DAYS):
                self.add_error("expires_on", _("Choose a day from today on, at most 365 days ahead."))
        return cleaned

    def scope_boxes(self) -> Iterator[tuple[SafeString, str | Promise, str | Promise]]:
        """Each check box with its name and what it allows."""
        for box in self["scopes"]:
            name, allows = SCOPE_WORDS[str(box.data["value"])]
            yield box.tag(), name, allows

    @property
    def chosen_team(self) -> TeamAccess:
        return self._teams[self.cleaned_data["team"]]

    @property
    def expires_at(self) -> datetime:
        """A number of days from now to the minute, or the end of the chosen day, but no later than the longest life."""
        if self.cleaned_data["life"] != ANOTHER_DAY:
            return self._at + timedelta(days=int(self.cleaned_data["life"]))
        return min(_end_of(self.cleaned_data["expires_on"]), self._at + timedelta(days=MOST_DAYS))


def team_label(name: str, *, is_personal: bool, reader: str) -> str:
    """A team as its member reads it: the own one goes by the reader's name."""
    return gettext("%(name)s (personal)") % {"name": reader} if is_personal else name


def _lives(at: datetime) -> Iterator[tuple[str, str]]:
    for days in LIVES:
        ends_on = day(at + timedelta(days=days))
        yield str(days), gettext("in %(days)s days, on %(day)s") % {"days": days, "day": ends_on}


def _end_of(last_on: date) -> datetime:
    return datetime.combine(last_on + timedelta(days=1), time.min, get_current_timezone())
