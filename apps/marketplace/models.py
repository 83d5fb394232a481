"""The catalogue: vendors, model types, models and their price versions. Prices are never edited, only succeeded."""

from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Lifecycle(models.TextChoices):
    PLANNED = "planned", _("Planned")
    BETA = "beta", _("Beta")
    GA = "ga", _("Available")
    RETIRED = "retired", _("Retired")


class Vendor(models.Model):
    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.JSONField(_("name by language"), default=dict)

    class Meta:
        verbose_name = _("vendor")
        verbose_name_plural = _("vendors")
        ordering = ["code"]

    def __str__(self) -> str:
        return str(self.name.get("en") or self.code)


class ModelType(models.Model):
    """chat, embedding, image, …: a dictionary row, so that a new type needs no deploy."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.JSONField(_("name by language"), default=dict)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("model type")
        verbose_name_plural = _("model types")
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return str(self.name.get("en") or self.code)


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


class PriceVersion(models.Model):
    """One pricing_config of one model, in force in `[starts_at, ends_at)`. A trigger keeps it as it was published.

    Calls are priced by `pricing_config`, which is in credits; `entered_config` is what was published, in its own
    currency, and `credit_rate` what turned the one into the other.
    """

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="price_versions")
    number = models.PositiveIntegerField(_("version"))
    pricing_config = models.JSONField(_("pricing_config in credits"))
    entered_config = models.JSONField(_("pricing_config as entered"))
    credit_rate = models.ForeignKey(
        CreditRate, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("credit rate")
    )
    starts_at = models.DateTimeField(_("in force from"))
    ends_at = models.DateTimeField(_("in force until"), null=True, blank=True)
    published_at = models.DateTimeField(_("published"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("price version")
        verbose_name_plural = _("price versions")
        ordering = ["model_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="price_version_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="price_version_numbered_from_one"),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")), name="price_version_ends_after_start"
            ),
            # int8range instead of btree_gist, which the embedded PostgreSQL does not carry
            ExclusionConstraint(
                name="price_version_one_in_force",
                expressions=[
                    (Func(F("model_id"), F("model_id"), Value("[]"), function="int8range"), RangeOperators.OVERLAPS),
                    (Func(F("starts_at"), F("ends_at"), function="tstzrange"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return str(_("Version %(number)d") % {"number": self.number})
