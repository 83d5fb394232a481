"""Requests for verification, whom they are about, and what was decided. Documents are files of the journal."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.core.ids import public_id, uuid7


class Kind(models.TextChoices):
    PERSONAL = "personal", _("Personal")
    ENTERPRISE = "enterprise", _("Enterprise")


class Status(models.TextChoices):
    SUBMITTED = "submitted", _("Submitted")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    REVOKED = "revoked", _("Revoked")


OPEN_OR_APPROVED = (Status.SUBMITTED, Status.APPROVED)


class WaitsFor(models.TextChoices):
    SCAN = "scan", _("Scanner")
    CHECK = "check", _("Automatic check")
    PERSON = "person", _("Reviewer")


class ReasonCode(models.TextChoices):
    """Why something was not approved, in words for the applicant."""

    UNREADABLE = "unreadable", _("A document cannot be read: it is blurred, cut off or too dark.")
    MISMATCH = "mismatch", _("The documents do not match what was written in the form.")
    EXPIRED = "expired", _("A document has expired.")
    INCOMPLETE = "incomplete", _("A document or a page is missing.")
    NOT_ACCEPTED = "not_accepted", _("This kind of document is not accepted.")
    NOT_AUTHORISED = "not_authorised", _("It is not shown that the applicant may act for the organisation.")
    CHECK_FAILED = "check_failed", _("The automatic check did not confirm these particulars.")
    INFECTED = "infected", _("The virus scanner found something harmful in a document.")
    ACCOUNT_CLOSED = "account_closed", _("The account or the team was closed.")
    OTHER = "other", _("Another reason")


class SubjectKey(models.Model):
    """The secret that legal ids are hashed with: made once, encrypted at rest, the same for ever.

    It is a row and not a setting, so that rotating FIELD_ENCRYPTION_KEYS rewrites it and loses no duplicate.
    """

    ciphertext = models.BinaryField(editable=False)

    class Meta:
        constraints = [models.CheckConstraint(name="subject_key_only_one", condition=Q(pk=1))]


class Subject(models.Model):
    """Whom verifications are about, whoever applied: the keyed hash of a legal id. It outlives the fields."""

    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    digest = models.BinaryField(max_length=32, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "digest"], name="subject_once_per_kind"),
            models.CheckConstraint(name="subject_kind_known", condition=Q(kind__in=Kind.values)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Verification(models.Model):
    """One applicant's request of one kind. `sealed` holds the fields, encrypted; empty once they were erased."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("applicant"), on_delete=models.PROTECT, related_name="+"
    )
    team = models.ForeignKey(
        "teams.Team", verbose_name=_("team"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="verifications", editable=False)
    sealed = models.BinaryField(editable=False)
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.SUBMITTED)
    waits_for = models.CharField(_("waits for"), max_length=8, choices=WaitsFor.choices, blank=True)
    look_at = models.DateTimeField(_("next look"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("first submitted"), editable=False)
    submitted_at = models.DateTimeField(_("submitted"), editable=False)
    scanned_at = models.DateTimeField(_("scanned"), null=True, blank=True, editable=False)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True, editable=False)
    rejected_at = models.DateTimeField(_("rejected"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("decided by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        help_text=_("Nobody when it was decided automatically."),
    )
    reason_code = models.CharField(_("reason"), max_length=16, choices=ReasonCode.choices, blank=True)
    reason = models.CharField(_("in words"), max_length=200, blank=True)
    credited_nanos = models.BigIntegerField(_("credits granted"), default=0, editable=False)
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("verification")
        verbose_name_plural = _("verifications")
        permissions = [("review_verification", "Can see the particulars of verifications and decide on them")]
        indexes = [
            models.Index(fields=["status", "submitted_at"], name="verification_queue"),
            models.Index(
                fields=["look_at"], name="verification_to_examine", condition=Q(waits_for__in=("scan", "check"))
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                name="verification_personal_once",
                fields=["user"],
                condition=Q(kind=Kind.PERSONAL, status__in=OPEN_OR_APPROVED),
            ),
            models.UniqueConstraint(
                name="verification_enterprise_once",
                fields=["team"],
                condition=Q(kind=Kind.ENTERPRISE, status__in=OPEN_OR_APPROVED),
            ),
            models.CheckConstraint(
                name="verification_of_a_person_or_a_team",
                condition=Q(kind=Kind.PERSONAL, team=None) | Q(kind=Kind.ENTERPRISE, team__isnull=False),
            ),
            models.CheckConstraint(
                name="verification_state_in_full",
                condition=Q(
                    Q(waits_for__in=WaitsFor.values, reason_code="", reason="", decided_by=None),
                    status=Status.SUBMITTED,
                    approved_at=None,
                    rejected_at=None,
                    revoked_at=None,
                )
                | Q(
                    status=Status.APPROVED,
                    waits_for="",
                    approved_at__isnull=False,
                    rejected_at=None,
                    revoked_at=None,
                    reason_code="",
                    reason="",
                )
                | (
                    Q(status=Status.REJECTED, waits_for="", approved_at=None, rejected_at__isnull=False)
                    & Q(revoked_at=None, reason_code__in=ReasonCode.values)
                )
                | (
                    Q(status=Status.REVOKED, waits_for="", approved_at__isnull=False, rejected_at=None)
                    & Q(revoked_at__isnull=False, decided_by__isnull=False)
                    & ~Q(reason="")
                ),
            ),
            models.CheckConstraint(
                name="verification_looked_at_until_examined",
                condition=Q(waits_for__in=("scan", "check"), look_at__isnull=False)
                | (~Q(waits_for__in=("scan", "check")) & Q(look_at=None)),
            ),
            models.CheckConstraint(
                name="verification_decided_by_another_person",
                condition=Q(decided_by=None) | ~Q(decided_by=F("user")),
            ),
            models.CheckConstraint(
                name="verification_credits_only_if_approved",
                condition=Q(credited_nanos=0) | Q(credited_nanos__gt=0, approved_at__isnull=False),
            ),
            models.CheckConstraint(
                name="verification_sealed_until_erased",
                condition=Q(sealed=b"", erased_at__isnull=False) | (~Q(sealed=b"") & Q(erased_at=None)),
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return public_id("ver", self.uid)

    @property
    def is_open(self) -> bool:
        return self.status == Status.SUBMITTED


class Review(models.Model):
    """One decision on one submission. The table keeps every one of them; the verification shows the last."""

    verification = models.ForeignKey(Verification, on_delete=models.PROTECT, related_name="reviews")
    decision = models.CharField(_("decision"), max_length=12, choices=Status.choices)
    submitted_at = models.DateTimeField(_("submitted"))
    at = models.DateTimeField(_("decided"))
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("reviewer"),
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
    )
    reason_code = models.CharField(_("reason"), max_length=16, choices=ReasonCode.choices, blank=True)
    reason = models.CharField(_("in words"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        constraints = [
            models.CheckConstraint(
                name="review_decides",
                condition=Q(decision__in=(Status.APPROVED, Status.REJECTED, Status.REVOKED)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decision} {self.verification_id}"
