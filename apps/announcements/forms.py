"""What operators write of an announcement: each text in each language, and when it is published."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.announcements import entries, services
from apps.announcements.errors import EntryInvalid
from apps.announcements.models import Announcement
from apps.announcements.types import Audience
from apps.core.admin import ReasonForm, UtcInstantField

LANGUAGES: Final = {"en": "en", "zh": "zh-hans"}
"""How the fields' names end, and the language that they are kept as."""
TEXTS: Final = {"title": _("Title"), "scope": _("Scope"), "summary": _("Summary"), "notes": _("Change notes")}
FIELDS: Final = [f"{text}_{ending}" for ending in LANGUAGES for text in TEXTS]

_BRIEF: Final = _("What it is about, in a few words; may stay empty.")
_PLAIN: Final = _("Plain text; an empty line begins a paragraph. May stay empty.")


def _line(text: str, **more: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"class": "vTextField"})
    return forms.CharField(required=False, max_length=entries.LONGEST[text], widget=widget, **more)


def _area(text: str, rows: int, **more: Any) -> forms.CharField:
    widget = forms.Textarea(attrs={"class": "vLargeTextField", "rows": rows})
    return forms.CharField(required=False, max_length=entries.LONGEST[text], widget=widget, **more)


class AnnouncementForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    title_en = _line("title", label=_("Title, English"))
    title_zh = _line("title", label=_("Title, Chinese"))
    scope_en = _line("scope", label=_("Scope, English"), help_text=_BRIEF)
    scope_zh = _line("scope", label=_("Scope, Chinese"), help_text=_BRIEF)
    summary_en = _area("summary", 3, label=_("Summary, English"))
    summary_zh = _area("summary", 3, label=_("Summary, Chinese"))
    notes_en = _area("notes", 8, label=_("Change notes, English"), help_text=_PLAIN)
    notes_zh = _area("notes", 8, label=_("Change notes, Chinese"), help_text=_PLAIN)
    effective_at = UtcInstantField(
        label=_("Takes effect"),
        required=False,
        help_text=_("UTC. May lie after the publication; leave empty when nothing begins by it."),
    )

    class Meta:
        model = Announcement
        fields = ("category", "audience", "access_groups", "link", "effective_at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for ending, language in LANGUAGES.items():
            for text in TEXTS:
                self.initial[f"{text}_{ending}"] = getattr(self.instance, text).get(language, "")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for text in TEXTS:
            written = {language: cleaned.get(f"{text}_{ending}", "") for ending, language in LANGUAGES.items()}
            setattr(self.instance, text, {language: words for language, words in written.items() if words})
        self._check_texts()
        if cleaned.get("audience") == Audience.GROUPS and not cleaned.get("access_groups"):
            self.add_error("access_groups", _("Choose at least one access group, or another audience."))
        return cleaned

    def clean_link(self) -> str:
        link: str = self.cleaned_data["link"]
        try:
            services.check_link(link)
        except EntryInvalid as error:
            raise forms.ValidationError(str(error.text)) from None
        return link

    def _check_texts(self) -> None:
        """The rule of the service, beside the first field that it is about."""
        row: Announcement = self.instance
        try:
            services.check_texts(row.title, scope=row.scope, summary=row.summary, notes=row.notes)
        except EntryInvalid as error:
            self.add_error(self._place_of(str(error.details["field"])), str(error.text))

    def _place_of(self, text: str) -> str:
        """The language in which this text is missing although another one is there; else the first."""
        others = getattr(self.instance, "summary" if text == "title" else "title")
        own = getattr(self.instance, text)
        lacking = (ending for ending, language in LANGUAGES.items() if language in others and language not in own)
        return f"{text}_{next(lacking, 'en')}"


class PublishForm(ReasonForm):
    """At once, or when an instant comes."""

    published_at = UtcInstantField(
        label=_("Publish at"), required=False, help_text=_("UTC. Leave empty to publish at once.")
    )
    field_order = ("published_at", "reason")
