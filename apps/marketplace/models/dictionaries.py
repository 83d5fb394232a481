"""Dictionaries beside the catalogue: pricing templates, and marks of what changed when."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.marketplace.models.catalogue import ModelType


class PricingTemplate(models.Model):
    """The shape of a pricing_config for some model types. A version is never edited; models stay with theirs."""

    code = models.SlugField(_("code"), max_length=60)
    version = models.PositiveIntegerField(_("version"), default=1)
    model_types = models.ManyToManyField(ModelType, related_name="pricing_templates", verbose_name=_("model types"))
    label = models.JSONField(_("label by language"), default=dict)
    meters = models.JSONField(_("meters"), default=list)
    tiering = models.CharField(_("tiering"), max_length=12, default="none")
    hold = models.CharField(_("hold strategy"), max_length=60, default="", blank=True)
    line_format = models.JSONField(_("line format by language"), default=dict)
    json_schema = models.JSONField(_("JSON schema"), default=dict)
    defaults = models.JSONField(_("defaults"), default=dict, blank=True)
    is_deprecated = models.BooleanField(_("deprecated"), default=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("pricing template")
        verbose_name_plural = _("pricing templates")
        ordering = ["code", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="pricing_template_version_once"),
            models.CheckConstraint(condition=Q(version__gte=1), name="pricing_template_numbered_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.version}"


class CatalogueMark(models.Model):
    """Written by triggers, one for each statement that changed a table of the topic: who remembers what was read
    compares `(count, sum of ids)` and knows whether it still holds.

    Rows and not a counter: writers of different models wait for nobody, and one that commits late is still noticed.
    Topics: `models` (everything a list of models shows), `model_types`, `pricing_templates`.
    """

    topic = models.CharField(_("topic"), max_length=20)
    marked_at = models.DateTimeField(_("changed"), default=timezone.now, db_default=Now())

    class Meta:
        verbose_name = _("catalogue mark")
        verbose_name_plural = _("catalogue marks")
        indexes = [models.Index(fields=["topic", "id"], name="catalogue_mark_topic")]

    def __str__(self) -> str:
        return self.topic
