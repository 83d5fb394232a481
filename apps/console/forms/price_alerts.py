"""What people write about a price alert: which prices, which changes of them, and where it goes."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.console.words.prices import about_words, named
from apps.marketplace.errors import WishInvalid
from apps.marketplace.types import Subject, WantedDirection
from apps.marketplace.types.alerts import AlertTarget, AlertTargets, Wish

Choice = tuple[str, str | Promise]
FIELDS: Final = {"about": "about", "email": "email", "threshold_percent": "percent"}
"""The field that shows what the service refuses."""
DIRECTIONS: Final = (
    (WantedDirection.BOTH, gettext_lazy("Increases and decreases")),
    (WantedDirection.UP, gettext_lazy("Increases only")),
    (WantedDirection.DOWN, gettext_lazy("Decreases only")),
)


class WishForm(forms.Form):
    """An alert for a team's webhooks. `about` holds a subject and a code, such as `vendor:openai`."""

    about = forms.ChoiceField(
        label=gettext_lazy("Prices of"),
        error_messages={
            "required": gettext_lazy("Choose one of the list."),
            "invalid_choice": gettext_lazy("Choose one of the list."),
        },
    )
    direction = forms.ChoiceField(
        label=gettext_lazy("Tell me of"), choices=DIRECTIONS, required=False, initial=WantedDirection.BOTH
    )
    percent = forms.CharField(
        label=gettext_lazy("Smallest change"),
        max_length=8,
        required=False,
        help_text=gettext_lazy("Smaller changes are left out. 0 tells of all."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, targets: AlertTargets, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["about"].choices = list(_choices(targets))  # type: ignore[attr-defined]
        self.fields["percent"].initial = "0"

    def clean_percent(self) -> Decimal:
        text = self.cleaned_data["percent"].strip().removesuffix("%").strip() or "0"
        try:
            percent = Decimal(text)
        except InvalidOperation:
            percent = Decimal("NaN")
        if not percent.is_finite():
            raise forms.ValidationError(_("Write a percentage from 0 to 1000, such as 5 or 2.5."))
        return percent

    @property
    def wish(self) -> Wish:
        subject, _colon, code = self.cleaned_data["about"].partition(":")
        if subject == Subject.LAUNCH:
            return Wish(Subject.LAUNCH, code)
        direction = WantedDirection(self.cleaned_data["direction"] or WantedDirection.BOTH)
        return Wish(Subject(subject), code, direction, self.cleaned_data["percent"])

    def refuse(self, error: WishInvalid) -> None:
        """Shows what the service said at the field it is about."""
        field = FIELDS.get(error.field)
        self.add_error(field if field in self.fields else None, str(error.text))


class AlertForm(WishForm):
    """An alert by mail."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        error_messages={
            "required": gettext_lazy("Write an e-mail address such as ada@example.com."),
            "invalid": gettext_lazy("Write an e-mail address such as ada@example.com."),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )


def about_value(subject: Subject, code: str = "") -> str:
    return f"{subject}:{code}" if code else str(subject)


def _choices(targets: AlertTargets) -> Iterator[Choice | tuple[str, list[Choice]]]:
    """One list, in groups: nothing to hide or show, so it works without script. A group of nothing is left out."""
    yield about_value(Subject.ALL), _("All models")
    started = [target for target in targets.models if not target.is_planned]
    planned = [target for target in targets.models if target.is_planned]
    yield from _group(_("One vendor"), Subject.VENDOR, targets.vendors)
    yield from _group(_("One model"), Subject.MODEL, started)
    yield from _group(_("The start of a planned model"), Subject.LAUNCH, planned)
    groups = [AlertTarget(code, {}) for code in targets.groups]
    yield from _group(_("One access group"), Subject.GROUP, groups)


def _group(label: str, subject: Subject, targets: Any) -> Iterator[tuple[str, list[Choice]]]:
    choices: list[Choice] = [(about_value(subject, one.code), _option(subject, one)) for one in targets]
    if choices:
        yield label, choices


def _option(subject: Subject, target: AlertTarget) -> str:
    """The name with its id, where that says more; a launch stands under its own heading."""
    if subject in (Subject.MODEL, Subject.LAUNCH):
        name = named(target.name, target.code)
        return name if name == target.code else f"{name} ({target.code})"
    return about_words(subject, target.code, target.name)
