"""Who wants to be told of price changes, or of a planned model's start."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.ids import public_id, uuid7
from apps.marketplace.models.catalogue import Model, Vendor
from apps.marketplace.types import Subject, WantedDirection

_TARGETS = (
    Q(subject=Subject.ALL, vendor=None, model=None, access_group=None)
    | Q(subject=Subject.VENDOR, vendor__isnull=False, model=None, access_group=None)
    | Q(subject__in=[Subject.MODEL, Subject.LAUNCH], vendor=None, model__isnull=False, access_group=None)
    | Q(subject=Subject.GROUP, vendor=None, model=None, access_group__isnull=False)
)


class PriceSubscription(models.Model):
    """A wish to be told, by mail to `email` or by webhook of the team; counts once confirmed, until it is ended."""

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
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return public_id("sub", self.uid)
