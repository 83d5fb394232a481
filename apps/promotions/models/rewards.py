"""What inviters earn: each reward, the balance that they add up in, and what moved from there to a wallet."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.core.ids import public_id, uuid7
from apps.promotions.models.campaigns import CampaignVersion
from apps.promotions.models.referrals import Referral
from apps.promotions.types import BlockReason, RewardStatus, Trigger


class RewardBalance(models.Model):
    """The ledger's account of one inviter, and the row at which acts on that inviter's rewards wait for one another.

    `shortfall_nanos` was reversed when it had left the balance: later rewards make up for it first.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    account = models.OneToOneField("wallet.Account", on_delete=models.PROTECT, related_name="+", editable=False)
    shortfall_nanos = models.BigIntegerField(_("shortfall"), default=0)
    opened_at = models.DateTimeField(_("opened"), editable=False)

    class Meta:
        verbose_name = _("reward balance")
        verbose_name_plural = _("reward balances")
        constraints = [
            models.CheckConstraint(condition=Q(shortfall_nanos__gte=0), name="reward_balance_shortfall_not_negative")
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class Reward(models.Model):
    """What an inviter gets for one act of an invitee, under the version in force at `earned_at`.

    Of `amount_nanos`, `reversed_nanos` were undone; `shortfall_nanos` of these had left the balance before. While
    available, it leaves to wallets (`moved_nanos`), to make up for a shortfall (`set_off_nanos`) or for good
    (`given_up_nanos`).
    """

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="rewards")
    inviter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(CampaignVersion, on_delete=models.PROTECT, related_name="+")
    trigger = models.CharField(_("trigger"), max_length=12, choices=Trigger.choices)
    order_key = models.CharField(_("order"), max_length=120, blank=True, default="")
    verification_id = models.BigIntegerField(_("verification"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=12, choices=RewardStatus.choices)
    block_reason = models.CharField(
        _("why blocked"), max_length=16, choices=BlockReason.choices, blank=True, default=""
    )
    offered_nanos = models.BigIntegerField(_("before caps"))
    amount_nanos = models.BigIntegerField(_("amount"))
    reversed_nanos = models.BigIntegerField(_("reversed"), default=0)
    shortfall_nanos = models.BigIntegerField(_("reversed after it was moved"), default=0)
    moved_nanos = models.BigIntegerField(_("moved to a balance"), default=0)
    set_off_nanos = models.BigIntegerField(_("set off against a shortfall"), default=0)
    given_up_nanos = models.BigIntegerField(_("given up"), default=0)
    paid_minor = models.BigIntegerField(_("paid, in the smallest unit"), default=0)
    refunded_minor = models.BigIntegerField(_("paid back, in the smallest unit"), default=0)
    currency = models.CharField(_("currency"), max_length=3, blank=True, default="")
    earned_at = models.DateTimeField(_("earned"))
    due_at = models.DateTimeField(_("available from"))
    held_at = models.DateTimeField(_("held"), null=True, blank=True)
    released_at = models.DateTimeField(_("became available"), null=True, blank=True)

    class Meta:
        verbose_name = _("reward")
        verbose_name_plural = _("rewards")
        permissions = [("decide_reward", "Can hold, release and reverse rewards")]
        indexes = [
            models.Index(fields=["due_at"], name="reward_due", condition=Q(status="pending", held_at=None)),
            models.Index(fields=["inviter", "earned_at"], name="reward_of_inviter"),
            models.Index(fields=["verification_id"], name="reward_of_verification"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["referral", "trigger"], condition=Q(order_key=""), name="reward_once_per_trigger"
            ),
            models.UniqueConstraint(fields=["order_key"], condition=~Q(order_key=""), name="reward_once_per_order"),
            models.CheckConstraint(
                condition=(Q(trigger=Trigger.PURCHASED, paid_minor__gt=0) & ~Q(order_key="") & ~Q(currency=""))
                | (~Q(trigger=Trigger.PURCHASED) & Q(order_key="", paid_minor=0, refunded_minor=0)),
                name="reward_of_an_order",
            ),
            models.CheckConstraint(
                condition=Q(status=RewardStatus.BLOCKED, released_at=None) & ~Q(block_reason="")
                | ~Q(status=RewardStatus.BLOCKED) & Q(amount_nanos__gt=0),
                name="reward_blocked_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(amount_nanos__gte=0, amount_nanos__lte=F("offered_nanos")), name="reward_amount_was_offered"
            ),
            models.CheckConstraint(
                condition=Q(
                    reversed_nanos__gte=0,
                    reversed_nanos__lte=F("amount_nanos"),
                    shortfall_nanos__gte=0,
                    shortfall_nanos__lte=F("reversed_nanos"),
                    moved_nanos__gte=0,
                    set_off_nanos__gte=0,
                    given_up_nanos__gte=0,
                    refunded_minor__gte=0,
                    refunded_minor__lte=F("paid_minor"),
                ),
                name="reward_parts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(
                    amount_nanos__gte=F("reversed_nanos")
                    - F("shortfall_nanos")
                    + F("moved_nanos")
                    + F("set_off_nanos")
                    + F("given_up_nanos")
                ),
                name="reward_parts_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(status__in=(RewardStatus.PENDING, RewardStatus.BLOCKED), released_at=None)
                | Q(status__in=(RewardStatus.AVAILABLE, RewardStatus.TRANSFERRED), released_at__isnull=False)
                | Q(status=RewardStatus.REVERSED, reversed_nanos=F("amount_nanos")),
                name="reward_status_follows_from_its_parts",
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=False)
                | Q(moved_nanos=0, set_off_nanos=0, given_up_nanos=0, shortfall_nanos=0),
                name="reward_leaves_once_released",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return public_id("rew", self.uid)

    @property
    def left_nanos(self) -> int:
        """What is still promised, or still in the reward balance."""
        gone = self.moved_nanos + self.set_off_nanos + self.given_up_nanos
        return self.amount_nanos - (self.reversed_nanos - self.shortfall_nanos) - gone


class RewardTransfer(models.Model):
    """Rewards that their owner moved to a wallet. `key` is the form's or the caller's: sent twice, moved once."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    balance = models.ForeignKey(RewardBalance, on_delete=models.PROTECT, related_name="transfers")
    team = models.ForeignKey("teams.Team", on_delete=models.PROTECT, related_name="+")
    amount_nanos = models.BigIntegerField(_("amount"))
    lot_id = models.UUIDField(_("lot"), unique=True)
    key = models.CharField(max_length=80)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("reward transfer")
        verbose_name_plural = _("reward transfers")
        constraints = [
            models.UniqueConstraint(fields=["balance", "key"], name="reward_transfer_once_per_key"),
            models.CheckConstraint(condition=Q(amount_nanos__gt=0), name="reward_transfer_positive"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return public_id("rtr", self.uid)
