"""The catalogue: vendors, model types, models and what a currency is worth."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.core.languages import text_in
from apps.marketplace.types import Lifecycle


class Vendor(models.Model):
    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.JSONField(_("name by language"), default=dict)

    class Meta:
        verbose_name = _("vendor")
        verbose_name_plural = _("vendors")
        ordering = ["code"]

    def __str__(self) -> str:
        return text_in(self.name, get_language() or "en") or self.code


class ModelType(models.Model):
    """chat, embedding, image, …: a dictionary row, so that a new type needs no deploy."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.JSONField(_("name by language"), default=dict)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    endpoints = models.JSONField(
        _("endpoints"),
        default=list,
        blank=True,
        help_text=_("Paths that serve this type, such as /v1/images/generations."),
    )
    facets = models.JSONField(
        _("facets"), default=list, blank=True, help_text=_("What models of this type are told apart by.")
    )

    class Meta:
        verbose_name = _("model type")
        verbose_name_plural = _("model types")
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return text_in(self.name, get_language() or "en") or self.code


class Model(models.Model):
    """An AI model as callers name it. `code` is the public id (`gpt-4o-mini`), stable for ever."""

    code = models.CharField(_("id"), max_length=120, unique=True)
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="models", verbose_name=_("vendor"))
    type = models.ForeignKey(ModelType, on_delete=models.PROTECT, related_name="models", verbose_name=_("type"))
    lifecycle = models.CharField(_("lifecycle"), max_length=8, choices=Lifecycle.choices, default=Lifecycle.GA)
    display_config = models.JSONField(_("display_config"), default=dict, blank=True)
    access_groups = models.ManyToManyField("teams.AccessGroup", related_name="+", verbose_name=_("access groups"))
    successor = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("successor")
    )
    retired_on = models.DateField(_("retired on"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("model")
        verbose_name_plural = _("models")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(lifecycle__in=Lifecycle.values), name="model_lifecycle_known")
        ]

    def __str__(self) -> str:
        return self.code


class RateCurrency(models.TextChoices):
    USD = "USD", _("US dollar")
    CNY = "CNY", _("Chinese yuan")


class CreditRate(models.Model):
    """What one unit of a currency is worth in credits from `starts_at` on. Never applied to history."""

    currency = models.CharField(_("currency"), max_length=3, choices=RateCurrency.choices)
    credits_per_unit = models.DecimalField(
        _("credits for one unit"), max_digits=18, decimal_places=9, validators=[MinValueValidator(Decimal("1e-9"))]
    )
    starts_at = models.DateTimeField(_("in force from"))

    class Meta:
        verbose_name = _("credit rate")
        verbose_name_plural = _("credit rates")
        ordering = ["currency", "-starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["currency", "starts_at"], name="credit_rate_once"),
            models.CheckConstraint(condition=Q(credits_per_unit__gt=0), name="credit_rate_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.credits_per_unit.normalize():f}"


class ModelGrant(models.Model):
    """A model that staff gave a team beside those of its access groups, until `ends_at`."""

    team = models.ForeignKey("teams.Team", on_delete=models.PROTECT, related_name="+", verbose_name=_("team"))
    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="grants", verbose_name=_("model"))
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)

    class Meta:
        verbose_name = _("model grant")
        verbose_name_plural = _("model grants")
        constraints = [models.UniqueConstraint(fields=["team", "model"], name="model_grant_once_per_team")]

    def __str__(self) -> str:
        return f"{self.team_id} · {self.model_id}"
