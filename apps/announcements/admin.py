"""Announcements in the back office: drafts are written and previewed here, published and withdrawn by an act."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import translation
from django.utils.html import format_html
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from apps.announcements import queries, services
from apps.announcements.forms import FIELDS, TEXTS, AnnouncementForm, PublishForm
from apps.announcements.models import Announcement
from apps.core import clock
from apps.core.admin import ServiceAction, ServiceActionsMixin, actor_of, by_service
from apps.journal.recorded_admin import RecordedAdmin

PUBLISH = "announcements.publish_announcement"
FACTS = ("state", "published_at", "withdrawn_at", "key", "created_by", "read_it")


def _publish(request: HttpRequest, row: Announcement, cleaned: dict[str, Any]) -> str:
    at = clock.now()
    services.publish_draft(
        row.pk, actor=actor_of(request), at=at, reason=cleaned["reason"], published_at=cleaned["published_at"]
    )
    if cleaned["published_at"] is None:
        return gettext("The announcement is published.")
    return gettext("The announcement is published at %(instant)s UTC.") % {
        "instant": f"{cleaned['published_at']:%Y-%m-%d %H:%M:%S}"
    }


def _facts(row: Announcement) -> list[tuple[Any, str]]:
    """What will be read, in each language, before it is asked whether it may be."""
    texts = [
        (f"{label} ({language})", getattr(row, text).get(code, "–"))
        for text, label in TEXTS.items()
        for code, language in settings.LANGUAGES
    ]
    return [(_("Audience"), row.get_audience_display()), *texts]


@admin.register(Announcement)
class AnnouncementAdmin(ServiceActionsMixin, RecordedAdmin):
    form = AnnouncementForm
    list_display = ("__str__", "category", "audience", "state", "published_at", "effective_at")
    list_filter = ("category", "audience")
    search_fields = ("title__en", "title__zh-hans", "key")
    filter_horizontal = ("access_groups",)
    list_per_page = 50
    actions = None
    service_actions = (
        ServiceAction(
            name="publish",
            label=_("Publish"),
            explanation=_(
                "From then on its audience reads it on the page, in the feeds and through the API. Texts can be "
                "corrected later; category, audience and dates stay."
            ),
            permission=PUBLISH,
            call=_publish,
            form=PublishForm,
            facts=_facts,
            offered_for=lambda row: row.published_at is None,
        ),
        ServiceAction(
            name="withdraw",
            label=_("Withdraw"),
            explanation=_(
                "It leaves the page, the feeds and the API; its address says that it was withdrawn, and when. It "
                "cannot be published again. One that is scheduled, and that nobody could read yet, becomes a draft."
            ),
            permission=PUBLISH,
            call=by_service(services.withdraw_entry, _("The announcement is withdrawn.")),
            facts=_facts,
            offered_for=lambda row: row.published_at is not None and row.withdrawn_at is None,
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        preview = path(
            "<path:object_id>/preview/",
            self.admin_site.admin_view(self.preview),
            name="announcements_announcement_preview",
        )
        return [preview, *super().get_urls()]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        own = ("category", "audience", "access_groups", *FIELDS, "link", "effective_at")
        return own if obj is None else (*own, *FACTS)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Once published, what decides who reads it and when it holds stays; typing errors may go."""
        if obj is None or obj.published_at is None:
            return () if obj is None else FACTS
        return ("category", "audience", "access_groups", "link", "effective_at", *FACTS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.withdrawn_at is None)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An entry is withdrawn: people remember it, and prices refer to it."""
        return False

    def save_model(self, request: HttpRequest, obj: Announcement, form: Any, change: bool) -> None:  # noqa: FBT001  Django's
        if not change:
            obj.created_by_id = actor_of(request)
        super().save_model(request, obj, form, change)

    @admin.display(description=_("state"))
    def state(self, row: Announcement) -> str:
        if row.withdrawn_at is not None:
            return gettext("Withdrawn")
        if row.published_at is None:
            return gettext("Draft")
        return pgettext("state of an entry", "Published") if row.published_at <= clock.now() else gettext("Scheduled")

    @admin.display(description=_("as readers see it"))
    def read_it(self, row: Announcement) -> str:
        url = reverse("admin:announcements_announcement_preview", args=[row.pk], current_app=self.admin_site.name)
        return format_html('<a href="{}">{}</a>', url, _("Preview in each language"))

    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The public page's own part, once a language; nothing is published by looking."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": row,
            "state": self.state(row),
            "pages": [(label, _rendered(row, language)) for language, label in settings.LANGUAGES],
        }
        return TemplateResponse(request, "admin/announcements/preview.html", context)


def _rendered(row: Announcement, language: str) -> str:
    with translation.override(language):
        entry = queries.shown_entry(queries.entry_of(row), language=language, at=clock.now())
        return render_to_string("site/announcements/_entry.html", {"entry": entry})
