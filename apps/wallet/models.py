"""Mirrors of the ledger's tables. Rows change through `apps/wallet/sql/*.sql` only."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class AccountKind(models.IntegerChoices):
    WALLET = 1, _("Wallet")
    TOKEN = 2, _("API token")
    PROJECT = 3, _("Project budget")
    MEMBER = 4, _("Member budget")
    TEAM = 5, _("Team budget")
    RATE = 6, _("Rate limit")
    REWARD = 7, _("Reward balance")
    HOUSE = 10, _("House account")


class TransferKind(models.IntegerChoices):
    CHARGE = 1, _("Charge")
    VOID = 2, _("Void")
    EXPIRED = 3, _("Expired hold")
    LATE_CHARGE = 4, _("Late charge")
    LOSS = 5, _("Loss")
    GRANT = 6, _("Grant")
    REFUND = 7, _("Refund")
    LOT_EXPIRY = 8, _("Expired credits")
    ADJUSTMENT = 9, _("Adjustment")
    REVERSAL = 10, _("Reversal")
    FEE = 11, _("Fee")


class LotSource(models.TextChoices):
    PURCHASE = "purchase", _("Top-up")
    WIRE = "wire", _("Wire transfer")
    CODE = "code", _("Redeemed code")
    GIFT = "gift", _("Gift")
    VERIFICATION = "verification", _("Verification credits")
    REFERRAL = "referral", _("Referral reward")
    CAMPAIGN = "campaign", _("Campaign")
    REFUND_RESTORE = "refund_restore", _("Restored by a refund")
    ADJUSTMENT = "adjustment", _("Adjustment")
    MIGRATION = "migration", _("Moved from another system")


class Account(models.Model):
    """A wallet, a limit or a house account; all one shape.

    The stamps are GCRA theoretical arrival times in nanoseconds since 1970: how far the minute's allowance is used.
    """

    wallet_id = models.BigIntegerField(_("wallet"), help_text=_("Of a wallet: its own id."))
    kind = models.PositiveSmallIntegerField(_("kind"), choices=AccountKind.choices)
    label = models.CharField(_("label"), max_length=120, blank=True, db_default="")
    credits_posted = models.BigIntegerField(_("credits posted"), db_default=0)
    debits_posted = models.BigIntegerField(_("debits posted"), db_default=0)
    debits_pending = models.BigIntegerField(_("held"), db_default=0)
    capped = models.BooleanField(_("capped"), db_default=True)
    limit_nanos = models.BigIntegerField(_("limit"), null=True, blank=True)
    limit_base_nanos = models.BigIntegerField(
        _("limit counts from"), db_default=0, help_text=_("Debits posted when the limit was last refilled.")
    )
    open_slots = models.IntegerField(_("calls under way"), db_default=0)
    requests_stamp = models.BigIntegerField(db_default=0, editable=False)
    tokens_stamp = models.BigIntegerField(db_default=0, editable=False)
    wake_at = models.DateTimeField(_("due"), null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        db_table = "wallet_account"
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        permissions = [("grant_account", "Can grant credits to a wallet")]
        indexes = [
            models.Index(fields=["wallet_id"], name="wallet_account_wallet"),
            models.Index(fields=["wake_at"], name="wallet_account_due", condition=Q(wake_at__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                name="wallet_account_no_overdraft",
                condition=Q(kind=AccountKind.HOUSE)
                | Q(capped=False)
                | Q(debits_posted__lte=F("credits_posted") - F("debits_pending")),
            ),
            models.CheckConstraint(name="wallet_account_credits_not_negative", condition=Q(credits_posted__gte=0)),
            models.CheckConstraint(name="wallet_account_debits_not_negative", condition=Q(debits_posted__gte=0)),
            models.CheckConstraint(name="wallet_account_held_not_negative", condition=Q(debits_pending__gte=0)),
            models.CheckConstraint(name="wallet_account_slots_not_negative", condition=Q(open_slots__gte=0)),
            models.CheckConstraint(
                name="wallet_account_limit_not_negative", condition=Q(limit_nanos=None) | Q(limit_nanos__gte=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.label}".rstrip()


class Owner(models.Model):
    """The lease of one process. Holds of an owner whose lease has run out are expired."""

    label = models.CharField(_("process"), max_length=80, blank=True, db_default="")
    lease_until = models.DateTimeField(_("lease ends"))

    class Meta:
        db_table = "wallet_owner"
        verbose_name = _("owner")
        verbose_name_plural = _("owners")

    def __str__(self) -> str:
        return f"{self.pk} {self.label}".rstrip()


class Hold(models.Model):
    """Money, a slot and tokens set aside for one call. Ends in exactly one transfer of the same id."""

    id = models.UUIDField(primary_key=True)
    wallet_id = models.BigIntegerField(_("wallet"))
    accounts = ArrayField(models.BigIntegerField(), verbose_name=_("accounts"))
    amount_nanos = models.BigIntegerField(_("amount"))
    tokens = models.BigIntegerField(_("estimated tokens"))
    has_slot = models.BooleanField(_("counts as a call under way"), db_default=True)
    token_tpm = models.IntegerField(db_default=0, editable=False)
    wallet_tpm = models.IntegerField(db_default=0, editable=False)
    token_tpm_stamp = models.BigIntegerField(db_default=0, editable=False)
    wallet_tpm_stamp = models.BigIntegerField(db_default=0, editable=False)
    owner_id = models.BigIntegerField(_("owner"))
    max_until = models.DateTimeField(_("ends at the latest"))

    class Meta:
        db_table = "wallet_hold"
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        constraints = [
            models.CheckConstraint(name="wallet_hold_amount_not_negative", condition=Q(amount_nanos__gte=0)),
            models.CheckConstraint(name="wallet_hold_tokens_not_negative", condition=Q(tokens__gte=0)),
            models.CheckConstraint(
                name="wallet_hold_two_to_eight_accounts",
                condition=Q(accounts__len__gte=2) & Q(accounts__len__lte=8),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Transfer(models.Model):
    """One debit, one credit, one amount, for ever. The table is SQL: partitioned by its id, refuses any change."""

    id = models.UUIDField(primary_key=True)
    kind = models.PositiveSmallIntegerField(_("kind"), choices=TransferKind.choices)
    debit_account = models.BigIntegerField(_("debit account"))
    credit_account = models.BigIntegerField(_("credit account"))
    amount_nanos = models.BigIntegerField(_("amount"))
    wallet_id = models.BigIntegerField(_("wallet"))
    hold_id = models.UUIDField(_("call"), null=True)
    held_nanos = models.BigIntegerField(_("held before"))
    accounts = ArrayField(models.BigIntegerField(), verbose_name=_("accounts"), null=True)
    reverses_id = models.UUIDField(_("reverses"), null=True)
    reason = models.TextField(_("reason"))
    actor_id = models.BigIntegerField(_("by"), null=True)
    at = models.DateTimeField(_("time"))

    class Meta:
        managed = False
        db_table = "wallet_transfer"
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")

    def __str__(self) -> str:
        return str(self.pk)


class KeyedPosting(models.Model):
    """What an idempotency key stood for: the digest of the content and the transfer it became."""

    key = models.TextField(_("key"), primary_key=True)
    digest = models.BinaryField(max_length=32)
    transfer_id = models.UUIDField(_("transfer"))

    class Meta:
        db_table = "wallet_posting"
        verbose_name = _("keyed posting")
        verbose_name_plural = _("keyed postings")

    def __str__(self) -> str:
        return self.key


class Lot(models.Model):
    """Credits that came in together: what they cost, how long they last, until when they may be paid back."""

    id = models.UUIDField(primary_key=True)
    wallet_id = models.BigIntegerField(_("wallet"))
    transfer_id = models.UUIDField(_("transfer"))
    source = models.CharField(_("source"), max_length=16, choices=LotSource.choices)
    amount_nanos = models.BigIntegerField(_("amount"))
    consumed_nanos = models.BigIntegerField(_("spent"), db_default=0)
    expired_nanos = models.BigIntegerField(_("expired"), db_default=0)
    refunded_nanos = models.BigIntegerField(_("refunded"), db_default=0)
    kept_nanos = models.BigIntegerField(_("kept for open calls"), db_default=0)
    spend_until = models.DateTimeField(_("spend until"), null=True, blank=True)
    refund_until = models.DateTimeField(_("refund until"), null=True, blank=True)
    paid_minor = models.BigIntegerField(_("paid"), db_default=0)
    currency = models.CharField(_("currency"), max_length=3, blank=True, db_default="")
    price_tier = models.CharField(_("price tier"), max_length=40, blank=True, db_default="")
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        db_table = "wallet_lot"
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        indexes = [models.Index(fields=["wallet_id", "spend_until"], name="wallet_lot_wallet")]
        constraints = [
            models.UniqueConstraint(name="wallet_lot_once_per_transfer", fields=["transfer_id"]),
            models.CheckConstraint(name="wallet_lot_amount_positive", condition=Q(amount_nanos__gt=0)),
            models.CheckConstraint(name="wallet_lot_paid_not_negative", condition=Q(paid_minor__gte=0)),
            models.CheckConstraint(name="wallet_lot_paid_has_currency", condition=Q(paid_minor=0) | ~Q(currency="")),
            models.CheckConstraint(
                name="wallet_lot_parts_fit",
                condition=Q(
                    consumed_nanos__gte=0,
                    expired_nanos__gte=0,
                    refunded_nanos__gte=0,
                    kept_nanos__gte=0,
                    amount_nanos__gte=F("consumed_nanos") + F("expired_nanos") + F("refunded_nanos") + F("kept_nanos"),
                ),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
