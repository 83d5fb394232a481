"""Credits that people got for what they did themselves, and what tells two accounts of one person."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.promotions.models.campaigns import CampaignVersion
from apps.promotions.types import CreditKind, CreditOutcome, MarkKind


class Credit(models.Model):
    """What one act of a subject was worth to it, nothing included: a later campaign must not pay for it again.

    `subject_key` is the keyed hash of a legal id, of a registration that of the mailbox. One row that is no duplicate
    for each subject and kind, for ever.
    """

    kind = models.CharField(_("kind"), max_length=12, choices=CreditKind.choices)
    subject_key = models.CharField(_("subject"), max_length=64)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    verification_id = models.BigIntegerField(_("verification"), null=True, blank=True, unique=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=CreditOutcome.choices)
    version = models.ForeignKey(CampaignVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    wallet_id = models.BigIntegerField(_("wallet"), null=True, blank=True)
    amount_nanos = models.BigIntegerField(_("granted"), default=0)
    lot_id = models.UUIDField(_("lot"), null=True, blank=True)
    at = models.DateTimeField(_("at"))
    taken_back_nanos = models.BigIntegerField(_("taken back"), default=0)
    taken_back_at = models.DateTimeField(_("taken back"), null=True, blank=True)

    class Meta:
        verbose_name = _("granted credits")
        verbose_name_plural = _("granted credits")
        indexes = [models.Index(fields=["user"], name="credit_of_user")]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_key", "kind"],
                condition=~Q(outcome=CreditOutcome.DUPLICATE),
                name="credit_once_per_subject_and_kind",
            ),
            models.CheckConstraint(
                condition=Q(outcome=CreditOutcome.GRANTED, amount_nanos__gt=0, version__isnull=False)
                | (~Q(outcome=CreditOutcome.GRANTED) & Q(amount_nanos=0, lot_id=None)),
                name="credit_granted_by_a_version",
            ),
            models.CheckConstraint(
                condition=Q(taken_back_nanos__gte=0, taken_back_nanos__lte=F("amount_nanos")),
                name="credit_taken_back_was_granted",
            ),
            models.CheckConstraint(
                condition=Q(kind=CreditKind.REGISTERED, verification_id=None)
                | (~Q(kind=CreditKind.REGISTERED) & Q(verification_id__isnull=False)),
                name="credit_of_a_verification",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Mark(models.Model):
    """A person's legal subject or means of payment, as a keyed hash: two accounts that share one are one person."""

    kind = models.CharField(_("kind"), max_length=8, choices=MarkKind.choices)
    value = models.CharField(_("value"), max_length=64)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("mark")
        verbose_name_plural = _("marks")
        indexes = [models.Index(fields=["user", "kind"], name="mark_of_user")]
        constraints = [models.UniqueConstraint(fields=["kind", "value", "user"], name="mark_once_per_user")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.user_id}"
