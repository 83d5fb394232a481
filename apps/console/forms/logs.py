"""Which calls the log shows."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.usage.types import LogFilters


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
