"""Announcements: what changed, for whom, and since when."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.announcements.types import Audience, Category
from apps.core.ids import public_id, uuid7
from apps.core.languages import text_in


class Announcement(models.Model):
    """One entry of the feeds, its texts by language. Without `published_at` it is a draft.

    `key` names what an entry of our own was written for (`price:41`, `campaign:spring:3`), so that it is written once.
    """

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    key = models.CharField(_("key"), max_length=120, null=True, blank=True, unique=True, editable=False)
    category = models.CharField(_("category"), max_length=12, choices=Category.choices)
    audience = models.CharField(_("audience"), max_length=12, choices=Audience.choices, default=Audience.EVERYONE)
    access_groups = models.ManyToManyField(
        "teams.AccessGroup", blank=True, related_name="+", verbose_name=_("access groups")
    )
    title = models.JSONField(_("title by language"), default=dict)
    scope = models.JSONField(_("scope by language"), default=dict, blank=True)
    summary = models.JSONField(_("summary by language"), default=dict)
    notes = models.JSONField(_("change notes by language"), default=dict, blank=True)
    link = models.CharField(_("link"), max_length=200, blank=True, help_text=_("A path of this site."))
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    effective_at = models.DateTimeField(_("takes effect"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )

    class Meta:
        verbose_name = _("announcement")
        verbose_name_plural = _("announcements")
        ordering = ["-published_at", "-pk"]
        permissions = [("publish_announcement", "Can publish and withdraw announcements")]
        constraints = [
            models.CheckConstraint(condition=Q(category__in=Category.values), name="announcement_category_known"),
            models.CheckConstraint(condition=Q(audience__in=Audience.values), name="announcement_audience_known"),
            models.CheckConstraint(
                condition=Q(published_at=None) | (~Q(title={}) & ~Q(summary={})),
                name="announcement_has_texts_once_published",
            ),
            models.CheckConstraint(
                condition=Q(link="") | (Q(link__startswith="/") & ~Q(link__startswith="//")),
                name="announcement_link_stays_here",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(withdrawn_at__gte=F("published_at")),
                name="announcement_withdrawn_after_publication",
            ),
        ]
        indexes = [models.Index(fields=["category", "-published_at"], name="announcement_feed")]

    def __str__(self) -> str:
        return text_in(self.title, get_language() or "en") or self.public_id

    @property
    def public_id(self) -> str:
        return public_id("ann", self.uid)
