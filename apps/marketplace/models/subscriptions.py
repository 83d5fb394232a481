"""Who wants to be told of price changes, or of a planned model's start, and what each is still to be told."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.ids import public_id, uuid7
from apps.marketplace.models.catalogue import Model, Vendor
from apps.marketplace.models.prices import PriceChange
from apps.marketplace.types import Direction, Subject, WantedDirection

_TARGETS = (
    Q(subject=Subject.ALL, vendor=None, model=None, access_group=None)
    | Q(subject=Subject.VENDOR, vendor__isnull=False, model=None, access_group=None)
    | Q(subject__in=[Subject.MODEL, Subject.LAUNCH], vendor=None, model__isnull=False, access_group=None)
    | Q(subject=Subject.GROUP, vendor=None, model=None, access_group__isnull=False)
)
LIVE = Q(confirmed_at__isnull=False, ended_at=None)


class PriceSubscriptionQuerySet(models.QuerySet["PriceSubscription"]):
    def wanting(self, change: PriceChange) -> "PriceSubscriptionQuerySet":
        """Live ones that this change is for; a mixed one is for whoever wants to hear of either direction.

        Where something free got a price there is no percentage, and whoever set one hears of it.
        """
        rows = self.filter(LIVE).filter(_about(change))
        if change.direction != Direction.MIXED:
            rows = rows.filter(direction__in=[change.direction, WantedDirection.BOTH])
        if change.largest_percent is not None:
            rows = rows.filter(threshold_percent__lte=change.largest_percent)
        return rows.distinct()


def _about(change: PriceChange) -> Q:
    """A group's multiplier is part of the price of each of its models."""
    everything = Q(subject=Subject.ALL)
    if change.version is None:
        group = change.access_group
        models = Q(subject=Subject.MODEL, model__access_groups=group)
        return everything | models | Q(vendor__models__access_groups=group) | Q(access_group=group)
    model = change.version.model
    groups = model.access_groups.values("pk")
    own = Q(subject=Subject.MODEL, model=model)
    return everything | own | Q(vendor_id=model.vendor_id) | Q(access_group__in=groups)


class PriceSubscription(models.Model):
    """A wish to be told, by mail to `email` or by webhook of the team; counts once confirmed, until it is ended.

    `user` only where the address is one that this person has shown to read mail at.
    """

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    email = models.EmailField(_("e-mail address"), blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    team = models.ForeignKey("teams.Team", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    subject = models.CharField(_("about"), max_length=8, choices=Subject.choices)
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    model = models.ForeignKey(Model, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    access_group = models.ForeignKey(
        "teams.AccessGroup", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    direction = models.CharField(
        _("direction"), max_length=4, choices=WantedDirection.choices, default=WantedDirection.BOTH
    )
    threshold_percent = models.DecimalField(_("from percent"), max_digits=6, decimal_places=2, default=0)
    language = models.CharField(_("language"), max_length=10)
    secret_digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = PriceSubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("price subscription")
        verbose_name_plural = _("price subscriptions")
        constraints = [
            models.CheckConstraint(condition=_TARGETS, name="price_subscription_target_fits"),
            models.CheckConstraint(
                condition=Q(email="", team__isnull=False) | (~Q(email="") & Q(team=None)),
                name="price_subscription_mail_or_webhook",
            ),
            models.CheckConstraint(
                condition=Q(direction__in=WantedDirection.values), name="price_subscription_direction_known"
            ),
            models.CheckConstraint(
                condition=Q(threshold_percent__gte=0), name="price_subscription_threshold_not_negative"
            ),
            models.UniqueConstraint(
                fields=["email", "team", "subject", "vendor", "model", "access_group"],
                condition=LIVE,
                nulls_distinct=False,
                name="price_subscription_live_once",
            ),
            models.CheckConstraint(
                condition=Q(user=None) | Q(team=None), name="price_subscription_of_a_person_or_a_team"
            ),
        ]
        indexes = [models.Index(fields=["email", "created_at"], name="price_subscription_asked")]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return public_id("sub", self.uid)


class PriceNotice(models.Model):
    """A change that a subscriber is still to be told of: written when the change is spread, gone with the message."""

    change = models.ForeignKey(PriceChange, on_delete=models.PROTECT, related_name="+")
    subscription = models.ForeignKey(PriceSubscription, on_delete=models.CASCADE, related_name="notices")

    class Meta:
        verbose_name = _("price notice")
        verbose_name_plural = _("price notices")
        constraints = [models.UniqueConstraint(fields=["change", "subscription"], name="price_notice_once")]

    def __str__(self) -> str:
        return f"{self.change_id} · {self.subscription_id}"
