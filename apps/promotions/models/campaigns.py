"""Campaigns and the versions of their terms. A trigger keeps a version as it was published; only its end may come."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from apps.promotions.types import Beneficiary, CapPeriod, Stacking, Trigger

KINDS = [
    (Trigger.REGISTERED, Beneficiary.SELF),
    (Trigger.REGISTERED, Beneficiary.INVITER),
    (Trigger.VERIFIED, Beneficiary.SELF),
    (Trigger.VERIFIED, Beneficiary.INVITER),
    (Trigger.PURCHASED, Beneficiary.INVITER),
]
"""What there are campaigns for. Who pays gets better prices by tiers, not by a campaign."""

_IS_A_KIND = Q(trigger__in=Trigger.values, beneficiary__in=Beneficiary.values) & ~Q(
    trigger=Trigger.PURCHASED, beneficiary=Beneficiary.SELF
)


class Campaign(models.Model):
    """What is rewarded, and who gets it: a name for its versions, and the row that all its payments wait at."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    trigger = models.CharField(_("trigger"), max_length=12, choices=Trigger.choices)
    beneficiary = models.CharField(_("beneficiary"), max_length=8, choices=Beneficiary.choices)
    committed_nanos = models.BigIntegerField(
        _("committed"),
        default=0,
        editable=False,
        help_text=_("Everything granted and promised so far, less what was reversed or taken back."),
    )

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["code"]
        permissions = [("publish_campaign", "Can publish and end versions of a campaign")]
        constraints = [
            models.CheckConstraint(condition=_IS_A_KIND, name="campaign_kind_known"),
            models.CheckConstraint(condition=Q(committed_nanos__gte=0), name="campaign_committed_not_negative"),
        ]

    def __str__(self) -> str:
        return self.code


def _validity() -> Func:
    return Func(F("starts_at"), F("ends_at"), function="tstzrange")


class CampaignVersion(models.Model):
    """Terms of one campaign, in force in `[starts_at, ends_at)`. `trigger` and `beneficiary` repeat the campaign's."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    trigger = models.CharField(_("trigger"), max_length=12, choices=Trigger.choices)
    beneficiary = models.CharField(_("beneficiary"), max_length=8, choices=Beneficiary.choices)
    starts_at = models.DateTimeField(_("in force from"))
    ends_at = models.DateTimeField(_("in force until"), null=True, blank=True)
    planned_ends_at = models.DateTimeField(_("published to end"), null=True, blank=True)
    amount_nanos = models.BigIntegerField(_("amount"), null=True, blank=True)
    enterprise_nanos = models.BigIntegerField(_("amount for an enterprise"), null=True, blank=True)
    rate = models.DecimalField(_("rate of the paid amount"), max_digits=6, decimal_places=5, null=True, blank=True)
    per_invitee_nanos = models.BigIntegerField(_("most for one invitee"), null=True, blank=True)
    per_inviter_nanos = models.BigIntegerField(_("most for one inviter"), null=True, blank=True)
    cap_period = models.CharField(
        _("most for one inviter is counted by"), max_length=8, choices=CapPeriod.choices, default=CapPeriod.MONTH
    )
    budget_nanos = models.BigIntegerField(_("budget of the campaign"), null=True, blank=True)
    delay_days = models.PositiveSmallIntegerField(_("days until a reward is available"), default=0)
    new_user_days = models.PositiveSmallIntegerField(
        _("most days since joining"), null=True, blank=True, help_text=_("Empty: accounts of any age.")
    )
    stacking = models.CharField(
        _("second kind of verification"), max_length=12, choices=Stacking.choices, default=Stacking.DIFFERENCE
    )
    valid_days = models.PositiveSmallIntegerField(
        _("days until credits end"), null=True, blank=True, help_text=_("Empty: they do not end.")
    )
    auto_transfer = models.BooleanField(_("moved to the balance at once"), default=False)
    title_en = models.CharField(_("title, English"), max_length=120)
    title_zh = models.CharField(_("title, Chinese"), max_length=120)
    text_en = models.TextField(_("text, English"), max_length=1000)
    text_zh = models.TextField(_("text, Chinese"), max_length=1000)
    published_at = models.DateTimeField(_("published"), editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )

    class Meta:
        verbose_name = _("campaign version")
        verbose_name_plural = _("campaign versions")
        ordering = ["campaign_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="campaign_version_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="campaign_version_numbered_from_one"),
            models.CheckConstraint(condition=_IS_A_KIND, name="campaign_version_kind_known"),
            models.CheckConstraint(
                condition=(Q(ends_at=None) | Q(ends_at__gte=F("starts_at")))
                & (Q(planned_ends_at=None) | Q(planned_ends_at__gt=F("starts_at"))),
                name="campaign_version_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(trigger=Trigger.PURCHASED, rate__isnull=False, amount_nanos=None)
                | Q(rate=None, amount_nanos__isnull=False),
                name="campaign_version_amount_or_rate",
            ),
            models.CheckConstraint(
                condition=Q(trigger=Trigger.VERIFIED, enterprise_nanos__isnull=False)
                | (~Q(trigger=Trigger.VERIFIED) & Q(enterprise_nanos=None)),
                name="campaign_version_enterprise_amount",
            ),
            models.CheckConstraint(
                condition=(Q(amount_nanos=None) | Q(amount_nanos__gte=0))
                & (Q(enterprise_nanos=None) | Q(enterprise_nanos__gte=0))
                & (Q(rate=None) | Q(rate__gt=0, rate__lte=1)),
                name="campaign_version_amounts_not_negative",
            ),
            models.CheckConstraint(
                condition=(Q(per_invitee_nanos=None) | Q(per_invitee_nanos__gt=0))
                & (Q(per_inviter_nanos=None) | Q(per_inviter_nanos__gt=0))
                & (Q(budget_nanos=None) | Q(budget_nanos__gt=0)),
                name="campaign_version_caps_positive",
            ),
            models.CheckConstraint(
                condition=Q(beneficiary=Beneficiary.INVITER, valid_days=None)
                | Q(
                    beneficiary=Beneficiary.SELF,
                    per_invitee_nanos=None,
                    per_inviter_nanos=None,
                    delay_days=0,
                    auto_transfer=False,
                ),
                name="campaign_version_terms_of_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(stacking__in=Stacking.values, cap_period__in=CapPeriod.values),
                name="campaign_version_choices_known",
            ),
            models.CheckConstraint(
                condition=~Q(title_en="") & ~Q(title_zh="") & ~Q(text_en="") & ~Q(text_zh=""),
                name="campaign_version_has_both_languages",
            ),
            # int8range instead of btree_gist, which the embedded PostgreSQL does not carry
            ExclusionConstraint(
                name="campaign_version_one_in_force",
                expressions=[
                    (
                        Func(F("campaign_id"), F("campaign_id"), Value("[]"), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                    (_validity(), RangeOperators.OVERLAPS),
                ],
            ),
            *(
                ExclusionConstraint(
                    name=f"campaign_version_one_{trigger}_{beneficiary}",
                    expressions=[(_validity(), RangeOperators.OVERLAPS)],
                    condition=Q(trigger=trigger, beneficiary=beneficiary),
                )
                for trigger, beneficiary in KINDS
            ),
        ]

    def __str__(self) -> str:
        return str(_("Version %(number)d") % {"number": self.number})
