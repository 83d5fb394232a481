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
    FREE = 8, _("Free credit left")
    HOUSE = 10, _("House account")


class TransferKind(models.IntegerChoices):
    CHARGE = 1, _("Charge")
    VOID = 2, _("Void")
    EXPIRED = 3, _("Expired hold")
    LATE_CHARGE = 4, _("Late charge")
    LOSS = 5, _("Loss")
    GRANT = 6, _("Grant")
    REFUND = 7, _("Paid back")
    LOT_EXPIRY = 8, _("Expired credits")
    ADJUSTMENT = 9, _("Adjustment")
    REVERSAL = 10, _("Reversal")
    STORAGE_FEE = 11, _("Project storage fee")
    CLOUD_FEE = 12, _("Cloud fee")
    CHARGE_REFUND = 13, _("Refunded charge")
    WITHDRAWAL = 14, _("Credits taken back")
    REWARD = 15, _("Referral reward")
    REWARD_LEFT = 16, _("Referral reward moved or taken back")


class Refill(models.TextChoices):
    """When a limit is filled up again; empty: never."""

    DAILY = "daily", _("Every day")
    WEEKLY = "weekly", _("Every week, on Monday")
    MONTHLY = "monthly", _("Every month, on the 1st")


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
    refill = models.CharField(_("refilled"), max_length=8, choices=Refill.choices, blank=True, db_default="")
    refill_zone = models.CharField(_("time zone of the refill"), max_length=64, blank=True, db_default="")
    allocated_nanos = models.BigIntegerField(
        _("allocated"), db_default=0, help_text=_("Of a wallet: how much of what was spent is booked on its lots.")
    )
    kept_nanos = models.BigIntegerField(
        _("kept"), db_default=0, help_text=_("Of a wallet: what lots past their end keep for calls under way.")
    )
    free_account_id = models.BigIntegerField(
        null=True, editable=False, help_text=_("Of a wallet that stops when its free credit is used up.")
    )
    wake_at = models.DateTimeField(_("due"), null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        db_table = "wallet_account"
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        permissions = [("grant_account", "Can grant credits to a wallet"), ("correct_account", "Can correct a wallet")]
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
            models.CheckConstraint(
                name="wallet_account_allocated_was_spent",
                condition=Q(allocated_nanos__gte=0, allocated_nanos__lte=F("debits_posted")),
            ),
            models.CheckConstraint(name="wallet_account_kept_not_negative", condition=Q(kept_nanos__gte=0)),
            models.CheckConstraint(
                name="wallet_account_refill_has_zone",
                condition=Q(refill="", refill_zone="") | (Q(refill__in=Refill.values) & ~Q(refill_zone="")),
            ),
            models.UniqueConstraint(
                name="wallet_account_one_free", fields=["wallet_id"], condition=Q(kind=AccountKind.FREE)
            ),
            models.CheckConstraint(name="wallet_account_slots_not_negative", condition=Q(open_slots__gte=0)),
            models.CheckConstraint(
                name="wallet_account_limit_not_negative", condition=Q(limit_nanos=None) | Q(limit_nanos__gte=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.label}".rstrip()

    @property
    def available_nanos(self) -> int:
        return self.credits_posted - self.debits_posted - self.debits_pending


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
                name="wallet_hold_two_to_nine_accounts",
                condition=Q(accounts__len__gte=2) & Q(accounts__len__lte=9),
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
    reverses_id = models.UUIDField(_("corrects"), null=True)
    lot_id = models.UUIDField(_("lot"), null=True)
    business_on = models.DateField(_("business date"), null=True)
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
    approval_id = models.BigIntegerField(_("approval"), null=True, unique=True)

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
    refunded_nanos = models.BigIntegerField(_("paid back"), db_default=0)
    withdrawn_nanos = models.BigIntegerField(_("taken back"), db_default=0)
    kept_nanos = models.BigIntegerField(_("kept for open calls"), db_default=0)
    restores_id = models.UUIDField(_("stands for"), null=True, blank=True)
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
        indexes = [
            models.Index(fields=["wallet_id", "created_at"], name="wallet_lot_wallet"),
            models.Index(
                fields=["wallet_id", "spend_until"],
                name="wallet_lot_live",
                condition=Q(
                    amount_nanos__gt=F("consumed_nanos")
                    + F("expired_nanos")
                    + F("refunded_nanos")
                    + F("withdrawn_nanos")
                ),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                name="wallet_lot_once_per_transfer", fields=["transfer_id", "restores_id"], nulls_distinct=False
            ),
            models.CheckConstraint(
                name="wallet_lot_restored_names_origin",
                condition=Q(source=LotSource.REFUND_RESTORE, restores_id__isnull=False)
                | (~Q(source=LotSource.REFUND_RESTORE) & Q(restores_id=None)),
            ),
            models.CheckConstraint(name="wallet_lot_source_known", condition=Q(source__in=LotSource.values)),
            models.CheckConstraint(name="wallet_lot_amount_positive", condition=Q(amount_nanos__gt=0)),
            models.CheckConstraint(name="wallet_lot_paid_not_negative", condition=Q(paid_minor__gte=0)),
            models.CheckConstraint(name="wallet_lot_paid_has_currency", condition=Q(paid_minor=0) | ~Q(currency="")),
            models.CheckConstraint(
                name="wallet_lot_parts_fit",
                condition=Q(
                    consumed_nanos__gte=0,
                    expired_nanos__gte=0,
                    refunded_nanos__gte=0,
                    withdrawn_nanos__gte=0,
                    kept_nanos__gte=0,
                    amount_nanos__gte=F("consumed_nanos")
                    + F("expired_nanos")
                    + F("refunded_nanos")
                    + F("withdrawn_nanos")
                    + F("kept_nanos"),
                ),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def left_nanos(self) -> int:
        """What is booked neither as spent nor as gone; `kept_nanos` is a part of it."""
        return self.amount_nanos - self.consumed_nanos - self.expired_nanos - self.refunded_nanos - self.withdrawn_nanos


class Draw(models.Model):
    """Of a wallet's spending, counted from its first nanocredit: which stretch came from which lot. Append-only."""

    wallet_id = models.BigIntegerField(_("wallet"))
    lot_id = models.UUIDField(_("lot"))
    starts_nanos = models.BigIntegerField(_("from"))
    amount_nanos = models.BigIntegerField(_("amount"))
    at = models.DateTimeField(_("time"))

    class Meta:
        db_table = "wallet_draw"
        verbose_name = _("draw")
        verbose_name_plural = _("draws")
        indexes = [
            models.Index(fields=["lot_id"], name="wallet_draw_lot"),
            models.Index(fields=["wallet_id", "at"], name="wallet_draw_time"),
        ]
        constraints = [
            models.UniqueConstraint(name="wallet_draw_no_stretch_twice", fields=["wallet_id", "starts_nanos"]),
            models.CheckConstraint(name="wallet_draw_amount_positive", condition=Q(amount_nanos__gt=0)),
            models.CheckConstraint(name="wallet_draw_starts_not_negative", condition=Q(starts_nanos__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.wallet_id} {self.starts_nanos}"


class Return(models.Model):
    """What a refunded charge gave back: from which lot it was drawn, into which it went. Append-only."""

    transfer_id = models.UUIDField(_("transfer"))
    lot_id = models.UUIDField(_("drawn from"))
    into_lot_id = models.UUIDField(_("given to"))
    amount_nanos = models.BigIntegerField(_("amount"))

    class Meta:
        db_table = "wallet_return"
        verbose_name = _("return to a lot")
        verbose_name_plural = _("returns to lots")
        indexes = [models.Index(fields=["lot_id"], name="wallet_return_lot")]
        constraints = [
            models.UniqueConstraint(name="wallet_return_once_per_lot", fields=["transfer_id", "lot_id"]),
            models.CheckConstraint(name="wallet_return_amount_positive", condition=Q(amount_nanos__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.transfer_id} {self.lot_id}"


class Due(models.Model):
    """What could not be charged for want of credit. Ends by being settled from a grant, or cancelled; never in part."""

    key = models.TextField(_("key"), unique=True)
    digest = models.BinaryField(max_length=32)
    wallet_id = models.BigIntegerField(_("wallet"))
    kind = models.PositiveSmallIntegerField(_("kind"), choices=TransferKind.choices)
    amount_nanos = models.BigIntegerField(_("amount"))
    reason = models.TextField(_("reason"), blank=True, default="")
    business_on = models.DateField(_("business date"), null=True, blank=True)
    since = models.DateTimeField(_("since"))
    transfer_id = models.UUIDField(_("settled by"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    cancel_reason = models.TextField(_("why cancelled"), blank=True, default="")

    class Meta:
        db_table = "wallet_due"
        verbose_name = _("due")
        verbose_name_plural = _("dues")
        indexes = [
            models.Index(
                fields=["wallet_id", "since", "id"],
                name="wallet_due_open",
                condition=Q(settled_at=None, cancelled_at=None),
            )
        ]
        constraints = [
            models.CheckConstraint(name="wallet_due_amount_positive", condition=Q(amount_nanos__gt=0)),
            models.CheckConstraint(name="wallet_due_ends_once", condition=Q(settled_at=None) | Q(cancelled_at=None)),
            models.CheckConstraint(
                name="wallet_due_settled_by_a_transfer",
                condition=Q(settled_at=None, transfer_id=None) | Q(settled_at__isnull=False, transfer_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.key
