"""What every app leaves behind. Ids and text only: the journal knows nobody's tables."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core.ids import public_id, uuid7


class OutboxMessage(models.Model):
    """A mail or webhook to send, written with the fact it tells of. One message a `dedupe_key`, for ever.

    One a `quiet_key` too, where there is one: it names what somebody need not hear of twice in a day. The content goes
    when it was sent, since it may carry a link that lets somebody in.
    """

    class Channel(models.TextChoices):
        MAIL = "mail", _("Mail")
        WEBHOOK = "webhook", _("Webhook")
        ALERT = "alert", _("Operator alert")

    class State(models.TextChoices):
        WAITING = "waiting", _("Queued")
        SENT = "sent", _("Sent")
        GIVEN_UP = "given_up", _("Given up")

    dedupe_key = models.CharField(max_length=200, unique=True)
    quiet_key = models.CharField(max_length=200, null=True, unique=True, editable=False)  # noqa: DJ001  null: not quiet
    channel = models.CharField(_("way"), max_length=8, choices=Channel.choices, db_default=Channel.MAIL)
    kind = models.CharField(_("kind"), max_length=60)
    recipient = models.CharField(_("recipient"), max_length=254)
    payload = models.JSONField(_("content"), default=dict, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    due_at = models.DateTimeField(_("due"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    last_error = models.CharField(_("last error"), max_length=200, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    failed_at = models.DateTimeField(_("given up"), null=True, blank=True)

    class Meta:
        verbose_name = _("message to send")
        verbose_name_plural = _("messages to send")
        indexes = [
            models.Index(
                fields=["channel", "due_at"], name="journal_outbox_waiting", condition=Q(sent_at=None, failed_at=None)
            ),
            models.Index(fields=["failed_at"], name="journal_outbox_given_up", condition=Q(failed_at__isnull=False)),
            models.Index(fields=["recipient", "-id"], name="journal_outbox_deliveries", condition=Q(channel="webhook")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.dedupe_key}"

    @property
    def state(self) -> State:
        if self.sent_at is not None:
            return self.State.SENT
        return self.State.WAITING if self.failed_at is None else self.State.GIVEN_UP


class WebhookEndpoint(models.Model):
    """An address to which a team's events go, once it has answered the challenge. `owner` is text such as `team_…`.

    After a rotation the old secret signs beside the new one until `previous_until`.
    """

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    owner = models.CharField(_("owner"), max_length=80)
    url = models.CharField(_("address"), max_length=500)
    kinds = ArrayField(models.CharField(max_length=60), verbose_name=_("kinds"))
    ciphertext = models.BinaryField()
    previous_ciphertext = models.BinaryField(default=b"")
    previous_until = models.DateTimeField(null=True)
    challenge = models.CharField(max_length=64)
    created_at = models.DateTimeField(_("created"))
    created_by_id = models.BigIntegerField(_("added by"), null=True, editable=False)
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    disabled_at = models.DateTimeField(_("disabled"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        constraints = [
            models.UniqueConstraint(fields=["owner", "url"], name="webhook_endpoint_once_per_owner"),
            models.CheckConstraint(
                name="webhook_endpoint_old_secret_ends",
                condition=Q(previous_ciphertext=b"", previous_until=None)
                | (~Q(previous_ciphertext=b"") & Q(previous_until__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["disabled_at"],
                name="journal_endpoint_untold",
                condition=Q(disabled_at__isnull=False, told_at=None),
            )
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return public_id("hook", self.uid)


class AuditEntry(models.Model):
    """Who did what to what, and why. The table is SQL: it refuses UPDATE, DELETE and TRUNCATE."""

    id = models.UUIDField(primary_key=True)
    at = models.DateTimeField(_("time"))
    actor_id = models.BigIntegerField(_("by"), null=True)
    actor_label = models.CharField(_("name"), max_length=254)
    act = models.CharField(_("act"), max_length=80)
    target = models.CharField(_("what"), max_length=80)
    target_id = models.CharField(_("which"), max_length=80)
    reason = models.TextField(_("reason"))
    details = models.JSONField(_("details"))
    ip = models.GenericIPAddressField(_("address"), null=True)
    scope = models.CharField(_("concerns"), max_length=80)

    class Meta:
        managed = False
        db_table = "journal_auditentry"
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.act} {self.target} {self.target_id}"


class Approval(models.Model):
    """One person asks for an act, another allows it, once. What was asked and decided never changes (`approvals.sql`).

    The act's name belongs to the app that does it; the digest of the parameters ties the permission to exactly them.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        APPROVED = "approved", _("Approved")
        CARRIED_OUT = "carried_out", _("Carried out")
        REFUSED = "refused", _("Refused")
        EXPIRED = "expired", _("Time ran out")

    act = models.CharField(_("act"), max_length=80)
    target = models.CharField(_("what"), max_length=80)
    target_id = models.CharField(_("which"), max_length=80)
    parameters = models.JSONField(_("with"))
    digest = models.BinaryField(max_length=32)
    reason = models.TextField(_("reason"))
    requested_by_id = models.BigIntegerField(_("asked by"))
    requested_at = models.DateTimeField(_("asked"))
    expires_at = models.DateTimeField(_("open until"))
    approved_by_id = models.BigIntegerField(_("approved by"), null=True, blank=True)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    refused_by_id = models.BigIntegerField(
        _("refused by"), null=True, blank=True, help_text=_("Nobody when its time ran out.")
    )
    refused_at = models.DateTimeField(_("refused"), null=True, blank=True)
    refuse_reason = models.TextField(_("why refused"), blank=True, default="")
    used_at = models.DateTimeField(_("carried out"), null=True, blank=True)

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        indexes = [
            models.Index(fields=["target", "target_id"], name="journal_approval_target"),
            models.Index(
                fields=["expires_at"], name="journal_approval_open", condition=Q(approved_at=None, refused_at=None)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                name="approval_open_once",
                fields=["act", "target", "target_id", "digest", "requested_by_id"],
                condition=Q(approved_at=None, refused_at=None),
            ),
            models.CheckConstraint(
                name="approval_by_another_person",
                condition=Q(approved_by_id=None) | ~Q(approved_by_id=F("requested_by_id")),
            ),
            models.CheckConstraint(
                name="approval_by_somebody",
                condition=Q(approved_by_id=None, approved_at=None)
                | Q(approved_by_id__isnull=False, approved_at__isnull=False),
            ),
            models.CheckConstraint(
                name="approval_refused_in_full",
                condition=Q(refused_at__isnull=False) | Q(refused_by_id=None, refuse_reason=""),
            ),
            models.CheckConstraint(
                name="approval_approved_or_refused", condition=Q(approved_at=None) | Q(refused_at=None)
            ),
            models.CheckConstraint(
                name="approval_used_only_if_approved", condition=Q(used_at=None) | Q(approved_at__isnull=False)
            ),
            models.CheckConstraint(
                name="approval_in_time",
                condition=(Q(approved_at=None) | Q(approved_at__lt=F("expires_at")))
                & (Q(used_at=None) | Q(used_at__lt=F("expires_at"))),
            ),
            models.CheckConstraint(name="approval_has_digest", condition=~Q(digest=b"")),
        ]

    def __str__(self) -> str:
        return gettext("Request %(number)s") % {"number": self.pk}

    @property
    def is_decided(self) -> bool:
        return self.approved_at is not None or self.refused_at is not None

    def status_at(self, at: datetime) -> str:
        if self.used_at is not None:
            return self.Status.CARRIED_OUT
        if self.refused_at is not None:
            return self.Status.REFUSED
        if self.expires_at <= at:
            return self.Status.EXPIRED
        return self.Status.PENDING if self.approved_at is None else self.Status.APPROVED


class StoredFile(models.Model):
    """A document, a proof or a finished export, encrypted. `owner` is text such as `team_…`; no process keeps files."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    owner = models.CharField(_("owner"), max_length=80)
    name = models.CharField(_("name"), max_length=120)
    content_type = models.CharField(_("type"), max_length=80)
    size = models.PositiveBigIntegerField(_("size"))
    digest = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)

    class Meta:
        verbose_name = _("stored file")
        verbose_name_plural = _("stored files")
        indexes = [
            models.Index(fields=["owner"], name="journal_file_owner"),
            models.Index(fields=["expires_at"], name="journal_file_expiry", condition=Q(expires_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name


class FilePiece(models.Model):
    """At most 256 KiB of a stored file, encrypted on its own, so that no statement carries a whole file."""

    file = models.ForeignKey(StoredFile, on_delete=models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField()
    ciphertext = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="file_piece_once")]


class IdempotencyRecord(models.Model):
    """What a caller's `Idempotency-Key` on a route stood for. `status` 0: the first call is still under way."""

    scope = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    digest = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(_("status"), default=0)
    object_id = models.CharField(_("object"), max_length=80, blank=True)
    expires_at = models.DateTimeField(_("expires"))

    class Meta:
        verbose_name = _("idempotency record")
        verbose_name_plural = _("idempotency records")
        indexes = [models.Index(fields=["expires_at"], name="journal_idempotency_expiry")]
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="idempotency_once_per_scope")]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"


class OperatorAlert(models.Model):
    """Something a person must look at. While it is open, the same key counts up instead of filling the list."""

    kind = models.CharField(_("kind"), max_length=60)
    dedupe_key = models.CharField(max_length=200)
    details = models.JSONField(_("last details"), db_default=models.Value({}, models.JSONField()))
    times = models.PositiveIntegerField(_("times"), db_default=1)
    first_at = models.DateTimeField(_("first"), db_default=Now())
    last_at = models.DateTimeField(_("last"), db_default=Now())
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_by_id = models.BigIntegerField(_("closed by"), null=True, blank=True)
    told_at = models.DateTimeField(_("told"), null=True, blank=True)

    class Meta:
        verbose_name = _("operator alert")
        verbose_name_plural = _("operator alerts")
        ordering = ["-last_at"]
        indexes = [
            models.Index(fields=["first_at"], name="operator_alert_untold", condition=Q(closed_at=None, told_at=None))
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["dedupe_key"], condition=Q(closed_at=None), name="operator_alert_open_once_per_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.times})"


class MaintenanceRun(models.Model):
    """One run of a job of the schedule, for the status page and for jobs that wait for others."""

    class Outcome(models.TextChoices):
        STARTED = "started", _("Started")
        FINISHED = "finished", _("Finished")
        FAILED = "failed", _("Failed")
        STOPPED = "stopped", _("Stopped at a checkpoint")

    job = models.CharField(_("job"), max_length=60)
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices, default=Outcome.STARTED)
    details = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        verbose_name = _("maintenance run")
        verbose_name_plural = _("maintenance runs")
        ordering = ["-started_at"]
        indexes = [models.Index(fields=["job", "-started_at"], name="journal_run_latest")]

    def __str__(self) -> str:
        return f"{self.job} {self.started_at:%Y-%m-%d %H:%M}"
