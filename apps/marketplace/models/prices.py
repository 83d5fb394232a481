"""What models cost: our price versions, the official prices beside them, and what changed. History is never edited."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.ids import public_id, uuid7
from apps.marketplace.models.catalogue import CreditRate, Model
from apps.marketplace.models.dictionaries import PricingTemplate
from apps.marketplace.types import Direction, PricePolicy


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
    policy = models.CharField(_("policy"), max_length=8, choices=PricePolicy.choices, default=PricePolicy.FLOATING)
    template = models.ForeignKey(
        PricingTemplate, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("template")
    )
    announcement = models.ForeignKey(
        "announcements.Announcement",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("announcement"),
    )
    starts_at = models.DateTimeField(_("in force from"))
    ends_at = models.DateTimeField(_("in force until"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(
        _("withdrawn"), null=True, blank=True, help_text=_("Before it began: no call was ever priced by it.")
    )
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
            models.CheckConstraint(
                condition=Q(starts_at__gte=F("published_at")), name="price_version_never_begins_in_the_past"
            ),
            models.CheckConstraint(condition=Q(policy__in=PricePolicy.values), name="price_version_policy_known"),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(withdrawn_at__lt=F("starts_at")),
                name="price_version_withdrawn_before_start",
            ),
            # int8range instead of btree_gist, which the embedded PostgreSQL does not carry
            ExclusionConstraint(
                name="price_version_one_in_force",
                condition=Q(withdrawn_at=None),
                expressions=[
                    (Func(F("model_id"), F("model_id"), Value("[]"), function="int8range"), RangeOperators.OVERLAPS),
                    (Func(F("starts_at"), F("ends_at"), function="tstzrange"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return str(_("Version %(number)d") % {"number": self.number})


class OfficialPrice(models.Model):
    """What the vendor itself asks, as a pricing_config in the vendor's currency; the last one recorded is in force."""

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="official_prices", verbose_name=_("model"))
    number = models.PositiveIntegerField(_("version"))
    pricing_config = models.JSONField(_("pricing_config"))
    source = models.CharField(_("source"), max_length=200)
    as_of = models.DateField(_("as of"))
    recorded_at = models.DateTimeField(_("recorded"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("official price")
        verbose_name_plural = _("official prices")
        ordering = ["model_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="official_price_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="official_price_numbered_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.model_id} · {self.number}"


class PriceChange(models.Model):
    """That a price was announced to change, or an announced change was taken back: what subscribers are told.

    Of a model (`version`) or of an access group's multiplier (`access_group`), never of both.
    """

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    version = models.ForeignKey(
        PriceVersion, on_delete=models.PROTECT, null=True, related_name="changes", verbose_name=_("price version")
    )
    access_group = models.ForeignKey(
        "teams.AccessGroup", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("access group")
    )
    withdrawn = models.BooleanField(_("withdrawn"), default=False)
    direction = models.CharField(_("direction"), max_length=8, choices=Direction.choices)
    lines = models.JSONField(_("old and new"), default=list)
    largest_percent = models.DecimalField(
        _("largest change in percent"),
        max_digits=12,
        decimal_places=4,
        null=True,
        help_text=_("Without sign; empty where something free got a price."),
    )
    announcement = models.ForeignKey(
        "announcements.Announcement",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("announcement"),
    )
    published_at = models.DateTimeField(_("published"))
    effective_at = models.DateTimeField(_("in force from"))
    told_at = models.DateTimeField(_("subscribers told"), null=True, editable=False)

    class Meta:
        verbose_name = _("price change")
        verbose_name_plural = _("price changes")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["version", "withdrawn"], name="price_change_once_a_version"),
            models.CheckConstraint(
                condition=Q(version=None, access_group__isnull=False) | Q(version__isnull=False, access_group=None),
                name="price_change_of_one_thing",
            ),
            models.CheckConstraint(condition=Q(direction__in=Direction.values), name="price_change_direction_known"),
            models.CheckConstraint(
                condition=Q(effective_at__gte=F("published_at")), name="price_change_never_announced_afterwards"
            ),
            models.CheckConstraint(
                condition=Q(largest_percent=None) | Q(largest_percent__gte=0), name="price_change_percent_without_sign"
            ),
        ]
        indexes = [models.Index(fields=["id"], condition=Q(told_at=None), name="price_change_untold")]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return public_id("chg", self.uid)
