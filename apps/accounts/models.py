"""The person who signs in, with preferences. Money, teams and roles live elsewhere."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.types import DisplayUnit, Language
from apps.core.ids import public_id, uuid7

FORMER = "closed-account-"
"""What stands in place of the address of a closed account begins with this."""


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=80, blank=True)
    language = models.CharField(_("language"), max_length=10, choices=Language.choices, default=Language.ENGLISH)
    display_unit = models.CharField(
        _("display unit"), max_length=8, choices=DisplayUnit.choices, default=DisplayUnit.USD
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="Asia/Shanghai")
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("staff"), default=False)
    joined_at = models.DateTimeField(_("joined"), default=timezone.now, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True, editable=False)
    muted_kinds = ArrayField(
        models.CharField(max_length=60), verbose_name=_("kinds of mail not wanted"), default=list, blank=True
    )

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        indexes = [
            models.Index(
                fields=["closed_at"],
                name="user_closed_with_address",
                condition=models.Q(closed_at__isnull=False) & ~models.Q(email__startswith=FORMER),
            )
        ]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique_by_case"),
            models.CheckConstraint(
                condition=models.Q(closed_at=None) | models.Q(is_active=False), name="user_closed_is_not_active"
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return gettext("Closed account") if self.closed_at else self.name or self.email

    def get_short_name(self) -> str:
        return self.get_full_name() if self.closed_at else self.name or self.email.split("@", 1)[0]


class DataExport(models.Model):
    """What a person asked for about themselves: waiting, then a file for some days. Due while it is neither ready nor
    given up; whoever makes it pushes `due_at` ahead, so that one who dies loses nothing."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("asked"))
    due_at = models.DateTimeField(_("due"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    parts_done = models.PositiveSmallIntegerField(_("parts done"), default=0)
    parts = models.PositiveSmallIntegerField(_("parts"), default=0)
    ready_at = models.DateTimeField(_("ready"), null=True, blank=True)
    given_up_at = models.DateTimeField(_("given up"), null=True, blank=True)
    file_uid = models.UUIDField(null=True, blank=True, editable=False)
    size = models.PositiveBigIntegerField(_("size"), default=0)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)

    class Meta:
        verbose_name = _("data export")
        verbose_name_plural = _("data exports")
        indexes = [
            models.Index(fields=["user", "asked_at"], name="data_export_user"),
            models.Index(
                fields=["due_at"], name="data_export_due", condition=models.Q(ready_at=None, given_up_at=None)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(ready_at=None, given_up_at=None),
                name="data_export_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(ready_at=None) | models.Q(given_up_at=None), name="data_export_ends_once"
            ),
            models.CheckConstraint(
                condition=models.Q(ready_at=None) | models.Q(file_uid__isnull=False, expires_at__isnull=False),
                name="data_export_ready_has_file",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return public_id("exp", self.uid)


class KnownDevice(models.Model):
    """A browser that somebody signed in with. Known by the digest of a secret that it keeps in a cookie."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    secret_digest = models.BinaryField(max_length=32)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "secret_digest"], name="known_device_once")]
