"""What people may write on console pages, and what is said when it does not fit."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

from allauth.account.forms import SignupForm
from allauth.core import context
from django import forms
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.types import DisplayUnit, Language
from apps.console import referral_links
from apps.console.amounts import Reader, nanos_from_figure
from apps.console.limit_rows import RESET_WORDS, next_refill_on
from apps.console.readers import billing_city
from apps.console.services import rehearse_registration
from apps.console.statement_days import Days, checked, month_of, months_between, parse_days
from apps.console.templatetags.console import short_day
from apps.console.wallet_words import MOVEMENT_NAMES
from apps.core.errors import SluiceError
from apps.relay.errors import TokenNameTaken
from apps.usage.types import LogFilters
from apps.wallet.statement_lines import Code

# Each language by its own name, so that whoever reads only that one finds it.
OWN_NAMES = [(Language.ENGLISH, "English"), (Language.CHINESE, "简体中文")]


class PreferencesForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=80, required=False, help_text=_("How pages and mails greet you.")
    )
    language = forms.ChoiceField(label=_("Language"), choices=OWN_NAMES)
    display_unit = forms.ChoiceField(
        label=_("Amounts in"), choices=DisplayUnit.choices, help_text=_("What comes first; credits stand beside it.")
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), help_text=_("For the times in logs. Business days stay as they are.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
        self.fields["time_zone"].choices = [(zone, zone.replace("_", " ")) for zone in ["UTC", *zones]]  # type: ignore[attr-defined]


class TokenForm(forms.Form):
    """A token's terms, its limit in the reader's unit. A limit of 0 has to be meant."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("One for each app and environment, so that a leak stops one app."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    limit = forms.CharField(
        label=_("Spending limit"),
        initial="10",
        help_text=_("The most it may spend. You can raise it later. 0 means no limit of its own."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    whole_balance = forms.BooleanField(label=_("Without a limit it may spend the whole balance"), required=False)
    reset = forms.ChoiceField(label=_("Limit is refilled"), required=False)
    models = forms.CharField(
        label=_("Models"),
        required=False,
        help_text=_("One model id a line. Leave empty for every model."),
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, reader: Reader, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._reader = reader
        self.fields["reset"].choices = [("", _("never")), *refill_choices(at)]  # type: ignore[attr-defined]
        self.fields["reset"].help_text = _(
            "At midnight in %(city)s. What is left over does not carry over. Nothing is refilled without a limit."
        ) % {"city": billing_city()}

    def clean_limit(self) -> int:
        try:
            return nanos_from_figure(self.cleaned_data["limit"], self._reader.rate_of(self._reader.unit))
        except ValueError:
            raise forms.ValidationError(_("Write an amount such as 10 or 10.50. 0 means no limit.")) from None

    def clean_models(self) -> list[str]:
        text: str = self.cleaned_data["models"]
        return text.replace(",", " ").split()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("limit") == 0 and not cleaned["whole_balance"]:
            self.add_error("whole_balance", _("Tick this box if you mean it, or write a limit above 0."))
        return cleaned

    def changed_terms(self) -> dict[str, Any]:
        """What the reader changed, as `change_token` takes it: a limit that only looks rounded stays as it is."""
        fields = {"name": "name", "limit": "limit_nanos", "reset": "reset", "models": "model_codes"}
        return {term: self.cleaned_data[field] for field, term in fields.items() if field in self.changed_data}

    def refuse(self, error: SluiceError) -> None:
        """Shows what the service said at the field it is about."""
        field = "name" if isinstance(error, TokenNameTaken) else str(error.details.get("field", ""))
        self.add_error(field if field in self.fields else None, str(error.text))


def refill_choices(at: datetime) -> list[tuple[str, str]]:
    """Every refill there is, with the day of the next one."""
    return [
        (reset, _("%(period)s (next on %(day)s)") % {"period": words, "day": short_day(next_refill_on(reset, at=at))})
        for reset, words in RESET_WORDS.items()
    ]


class LogFilterForm(forms.Form):
    """Which calls the log shows. Anything that is no choice of ours counts as all."""

    PERIODS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
    STATUSES = (200, 400, 404, 429, 499, 500, 502, 503, 504)

    period = forms.ChoiceField(
        label=_("Period"),
        required=False,
        choices=[
            ("", _("Any time")),
            ("hour", _("Last hour")),
            ("day", _("Last 24 hours")),
            ("week", _("Last 7 days")),
        ],
    )
    token = forms.TypedChoiceField(label=_("API token"), required=False, coerce=int, empty_value=None)
    model = forms.CharField(label=_("Model"), required=False, max_length=120)
    status = forms.TypedChoiceField(label=_("Status"), required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, tokens: Mapping[int, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = sorted(tokens.items(), key=lambda token: token[1].casefold())
        self._choose("token", [("", _("All tokens")), *names])
        self._choose("status", [("", _("Any status")), *((status, str(status)) for status in self.STATUSES)])
        self.fields["model"].widget = forms.TextInput(attrs={"type": "search", "placeholder": _("Model id")})
        for name, field in self.fields.items():
            css = "input" if name == "model" else "select"
            field.widget.attrs |= {"class": css, "aria-label": field.label}

    def _choose(self, name: str, choices: Sequence[tuple[object, object]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def filters(self, *, at: datetime) -> LogFilters:
        self.full_clean()
        chosen = self.cleaned_data
        period = self.PERIODS.get(chosen.get("period", ""))
        return LogFilters(
            token_id=chosen.get("token"),
            model_code=chosen.get("model", "").strip(),
            status=chosen.get("status"),
            from_at=None if period is None else at - period,
        )


class StatementForm(forms.Form):
    """Which lines of a statement to show: a month or other days, a kind, calls one by one or by day.

    `from` and `to` come from fields of their own and go before the period. Days that are none are said to be none;
    the other choices count as all where they are no choices of ours.
    """

    period = forms.CharField(label=_("Period"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("All kinds")), *MOVEMENT_NAMES.items()])
    view = forms.ChoiceField(
        label=_("Calls"), required=False, choices=[("", _("Calls by day")), ("calls", _("Every call"))]
    )

    def __init__(self, data: Mapping[str, Any], *, today: date, since: date) -> None:
        super().__init__(data)
        self.fields["from"] = forms.DateField(label=_("From"), required=False, widget=_day_input())
        self.fields["to"] = forms.DateField(label=_("To"), required=False, widget=_day_input())
        self._today = today
        self.days = month_of(today)
        self.full_clean()
        self._offer(months_between(min(since, today), today))

    def clean(self) -> dict[str, Any]:
        chosen = super().clean() or self.cleaned_data
        first_on, last_on = chosen.get("from"), chosen.get("to")
        try:
            if first_on or last_on:
                self.days = checked(_days_between(first_on, last_on, today=self._today))
            elif chosen.get("period"):
                self.days = parse_days(chosen["period"])
        except (ValueError, OverflowError):  # the latter where a calendar ends
            self.add_error("to" if first_on or last_on else "period", _("Choose days in their order, from 2000 on."))
        return chosen

    @property
    def codes(self) -> list[Code]:
        kind = self.cleaned_data.get("kind")
        return [Code(kind)] if kind else []

    @property
    def by_day(self) -> bool:
        return not self.cleaned_data.get("view")

    def _offer(self, months: Iterable[Days]) -> None:
        """The months there are, and the days at hand where they are none of these."""
        choices = {month.as_text(): _days_label(month) for month in months}
        text = self.days.as_text()
        other = {} if text in choices else {text: _days_label(self.days)}
        self.fields["period"].widget = forms.Select(choices=[*other.items(), *choices.items()])
        for name in ("period", "kind", "view"):
            self.fields[name].widget.attrs |= {"class": "select", "aria-label": self.fields[name].label}


def _days_between(first_on: date | None, last_on: date | None, *, today: date) -> Days:
    """Without a last day up to today; without a first one from the beginning of the last one's month."""
    last_on = last_on or max(first_on or today, today)
    return Days(first_on or month_of(last_on).first_on, last_on)


def _days_label(days: Days) -> str:
    if days.is_month:
        return date_format(days.first_on, pgettext("date format", "F Y"), use_l10n=False)
    edges = (date_format(on, pgettext("date format", "j M Y"), use_l10n=False) for on in (days.first_on, days.last_on))
    return gettext("%(first)s to %(last)s") % dict(zip(("first", "last"), edges, strict=True))


def _day_input() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "input"})


class SignUpForm(SignupForm):  # type: ignore[misc]
    """allauth's, with the same work for every address: hashing takes most of a second and storing some more, so whoever
    has a clock could tell the addresses that have an account from those that have none.
    """

    referral_code = forms.CharField(
        label=_("Referral code"),
        required=False,
        max_length=64,
        help_text=_("If somebody invited you. Later only support can add it, within seven days."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["referral_code"].initial = referral_links.kept_code(context.request)

    def try_save(self, request: HttpRequest) -> tuple[Any, HttpResponse | None]:
        referral_links.keep_code(request, self.cleaned_data["referral_code"])
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
            code = referral_links.kept_code(request)
            rehearse_registration(referral_code=code)
            referral_links.warn_of_unknown(request, code)
        saved: tuple[Any, HttpResponse | None] = super().try_save(request)
        return saved


class LanguageForm(forms.Form):
    language = forms.ChoiceField(choices=Language.choices)
