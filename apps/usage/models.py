"""What was called, by whom, at what price and outcome: one row a call, and its roll-ups. No message content, ever.

The migration makes the tables by SQL, because Django cannot declare partitions; these models mirror them. Rows of
`UsageRecord` and `UsageOrigin` are written by `records.INSERT` alone, in the statement that settles the money.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.ids import public_id


class UsageRecord(models.Model):
    """One relayed call. Partitioned by month over the call id, which is a UUIDv7 and also names the hold."""

    id = models.UUIDField(_("call"), primary_key=True)
    at = models.DateTimeField(_("accepted"))
    settled_at = models.DateTimeField(_("settled"))
    team = models.ForeignKey(
        "teams.Team",
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("team"),
        db_constraint=False,  # a foreign key would lock the team's row for every call
        db_index=False,
    )
    wallet_id = models.BigIntegerField(_("wallet"))
    token_id = models.BigIntegerField(_("token"))
    user_id = models.BigIntegerField(_("user"), null=True)
    model_id = models.BigIntegerField(_("model row"))
    model_code = models.CharField(_("model"), max_length=120)
    channel_id = models.BigIntegerField(_("channel"), null=True)
    access_group = models.CharField(_("access group"), max_length=40)
    endpoint = models.CharField(_("endpoint"), max_length=60)
    price_version_id = models.BigIntegerField(_("price version"))
    multiplier = models.DecimalField(_("multiplier"), max_digits=12, decimal_places=6)
    input_tokens = models.BigIntegerField(_("input tokens"), help_text=_("The whole prompt, cached parts included."))
    output_tokens = models.BigIntegerField(_("output tokens"), help_text=_("Reasoning included."))
    cached_tokens = models.BigIntegerField(_("of the input: read from cache"))
    cache_write_tokens = models.BigIntegerField(_("of the input: written to cache"))
    reasoning_tokens = models.BigIntegerField(_("of the output: reasoning"))
    quantities = models.JSONField(_("other meters"), null=True)
    charge_nanos = models.BigIntegerField(_("charge"))
    status = models.PositiveSmallIntegerField(_("status"))
    latency_ms = models.PositiveIntegerField(_("latency, ms"))
    first_byte_ms = models.PositiveIntegerField(_("first byte, ms"), null=True)
    streamed = models.BooleanField(_("streamed"))
    estimated = models.BooleanField(_("estimated"))
    error_code = models.CharField(_("error"), max_length=60, blank=True)

    class Meta:
        db_table = "usage_record"
        verbose_name = _("usage record")
        verbose_name_plural = _("usage records")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.request_id

    @property
    def request_id(self) -> str:
        return public_id("req", self.id)


class UsageOrigin(models.Model):
    """Where a call came from. Apart from the record, in daily partitions that are dropped when retention ends."""

    id = models.UUIDField(_("call"), primary_key=True)
    ip = models.GenericIPAddressField(_("address"))

    class Meta:
        db_table = "usage_origin"
        verbose_name = _("origin of a call")
        verbose_name_plural = _("origins of calls")

    def __str__(self) -> str:
        return public_id("req", self.id)


class MinuteUsage(models.Model):
    """Calls by minute, token, model and status; `refused` counts those that were turned away and have no record.

    Kept for `services.MINUTE_DAYS` days; days are kept for ever.
    """

    minute = models.DateTimeField(_("minute"))
    team_id = models.BigIntegerField(_("team"))
    token_id = models.BigIntegerField(_("token"))
    model_code = models.CharField(_("model"), max_length=120)
    status = models.PositiveSmallIntegerField(_("status"))
    calls = models.BigIntegerField(_("calls"), default=0)
    refused = models.BigIntegerField(_("refused"), default=0)
    input_tokens = models.BigIntegerField(_("input tokens"), default=0)
    output_tokens = models.BigIntegerField(_("output tokens"), default=0)
    charge_nanos = models.BigIntegerField(_("charge"), default=0)

    class Meta:
        verbose_name = _("usage of a minute")
        verbose_name_plural = _("usage by minute")
        constraints = [
            models.UniqueConstraint(
                fields=["team_id", "minute", "token_id", "model_code", "status"], name="minute_usage_once"
            )
        ]
        indexes = [
            models.Index(fields=["minute"], name="minute_usage_by_age"),
            models.Index(fields=["team_id", "minute"], name="minute_usage_refused", condition=models.Q(refused__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.team_id} {self.minute:%Y-%m-%d %H:%M} {self.model_code} {self.status}"


class DayUsage(models.Model):
    """Calls by business day, token and model."""

    day = models.DateField(_("day"))
    team_id = models.BigIntegerField(_("team"))
    token_id = models.BigIntegerField(_("token"))
    model_code = models.CharField(_("model"), max_length=120)
    calls = models.BigIntegerField(_("calls"), default=0)
    errors = models.BigIntegerField(_("failed calls"), default=0)
    input_tokens = models.BigIntegerField(_("input tokens"), default=0)
    output_tokens = models.BigIntegerField(_("output tokens"), default=0)
    charge_nanos = models.BigIntegerField(_("charge"), default=0)

    class Meta:
        verbose_name = _("usage of a day")
        verbose_name_plural = _("usage by day")
        constraints = [
            models.UniqueConstraint(fields=["team_id", "day", "token_id", "model_code"], name="day_usage_once")
        ]
        indexes = [models.Index(fields=["day", "team_id"], name="day_usage_by_day")]

    def __str__(self) -> str:
        return f"{self.team_id} {self.day} {self.model_code}"


class RollUpWatermark(models.Model):
    """One row: every record settled before this instant is in the roll-ups, none settled later is."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    settled_before = models.DateTimeField()

    class Meta:
        verbose_name = _("roll-up watermark")
        verbose_name_plural = _("roll-up watermarks")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="roll_up_watermark_single")]

    def __str__(self) -> str:
        return f"{self.settled_before:%Y-%m-%d %H:%M:%S}"


class VerificationMark(models.Model):
    """One row: every call charged or recorded before this instant was charged what its record says, or was told of."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    charges_match_before = models.DateTimeField()

    class Meta:
        verbose_name = _("mark of the verification")
        verbose_name_plural = _("marks of the verification")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="verification_mark_single")]

    def __str__(self) -> str:
        return f"{self.charges_match_before:%Y-%m-%d %H:%M:%S}"


class LimitAlert(models.Model):
    """The last step that people were told of, for each limit: in which period, and how much of it was used.

    `base_nanos` is what the account had spent when its period began; it only grows, so it names the period.
    """

    account_id = models.BigIntegerField(_("account"), primary_key=True)
    base_nanos = models.BigIntegerField(_("period counts from"))
    percent = models.PositiveSmallIntegerField(_("percent"))
    told_at = models.DateTimeField(_("told"))

    class Meta:
        verbose_name = _("alert of a limit")
        verbose_name_plural = _("alerts of limits")
        constraints = [models.CheckConstraint(condition=models.Q(percent__in=(50, 80, 100)), name="limit_alert_step")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.percent} %"


class BalanceWatch(models.Model):
    """What a team wants to be warned of a low balance by; without a row the defaults of `forecast.Watch` hold."""

    team_id = models.BigIntegerField(_("team"), primary_key=True)
    days = models.PositiveSmallIntegerField(_("days"))
    amount_nanos = models.BigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("watch over a balance")
        verbose_name_plural = _("watches over balances")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(days__lte=90, amount_nanos__gte=0), name="balance_watch_within_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.team_id}"


class LowBalance(models.Model):
    """A wallet whose people were told that it is low. The row goes when it has recovered: then they may hear again."""

    wallet_id = models.BigIntegerField(_("wallet"), primary_key=True)
    team_id = models.BigIntegerField(_("team"))
    told_at = models.DateTimeField(_("told"))

    class Meta:
        verbose_name = _("low balance")
        verbose_name_plural = _("low balances")

    def __str__(self) -> str:
        return f"{self.wallet_id}"
