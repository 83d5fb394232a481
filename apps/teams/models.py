"""Teams, who belongs to them, which models they may reach, and the tokens of their scripts."""

from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.ids import public_id, uuid7
from apps.teams.types import Multiplier


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    BILLING = "billing", _("Billing")
    DEVELOPER = "developer", _("Developer")
    VIEWER = "viewer", _("Viewer")


class AccessGroup(models.Model):
    """Which models a team sees, at which multiplier, within which limits. 0 stands for no limit of that kind."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    multiplier = models.DecimalField(
        _("price multiplier"), max_digits=8, decimal_places=4, default=1, validators=[MinValueValidator(0)]
    )
    rpm = models.PositiveIntegerField(_("requests a minute, each token"), default=600)
    tpm = models.PositiveIntegerField(_("tokens a minute, each token"), default=1_000_000)
    concurrency = models.PositiveIntegerField(_("concurrent calls, each token"), default=100)
    wallet_rpm = models.PositiveIntegerField(_("requests a minute, whole wallet"), default=0)
    wallet_tpm = models.PositiveIntegerField(_("tokens a minute, whole wallet"), default=0)
    wallet_concurrency = models.PositiveIntegerField(_("concurrent calls, whole wallet"), default=0)
    all_lines = models.BooleanField(
        _("all lines"), default=False, help_text=_("Its own channels first, then those of every other group.")
    )
    coming_multiplier = models.DecimalField(
        _("announced multiplier"),
        max_digits=8,
        decimal_places=4,
        null=True,
        blank=True,
        editable=False,
        validators=[MinValueValidator(0)],
    )
    coming_at = models.DateTimeField(_("announced multiplier holds from"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("access group")
        verbose_name_plural = _("access groups")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=models.Q(multiplier__gte=0), name="access_group_multiplier_not_negative"),
            models.CheckConstraint(
                condition=models.Q(coming_multiplier=None, coming_at=None)
                | models.Q(coming_multiplier__gte=0, coming_at__isnull=False),
                name="access_group_coming_multiplier_dated",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def multipliers(self) -> Multiplier:
        return Multiplier(self.multiplier, self.coming_multiplier, self.coming_at)


class Team(models.Model):
    """Who pays: owns one wallet. A personal team belongs to one user for ever."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=80)
    personal_of = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    wallet = models.OneToOneField("wallet.Account", on_delete=models.PROTECT, related_name="+", editable=False)
    access_group = models.ForeignKey(AccessGroup, on_delete=models.PROTECT, related_name="+")
    budget = models.OneToOneField(
        "wallet.Account",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        help_text=_("The ledger's account that bounds what all calls of the team may spend."),
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return public_id("team", self.uid)

    @property
    def is_personal(self) -> bool:
        return self.personal_of_id is not None


class Membership(models.Model):
    """Somebody belongs to a team, with one role. An open team has exactly one owner: a deferred trigger has the last
    word on that, at commit.
    """

    uid = models.UUIDField(default=uuid7, db_default=RandomUUID(), unique=True, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(_("role"), max_length=12, choices=Role.choices)
    budget = models.OneToOneField(
        "wallet.Account",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        help_text=_("The ledger's account that bounds what the member's tokens may spend."),
    )
    joined_at = models.DateTimeField(_("joined"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="membership_once_per_user"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
            models.UniqueConstraint(
                fields=["team"], condition=models.Q(role=Role.OWNER), name="membership_one_owner_per_team"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.team_id}: {self.role}"

    @property
    def public_id(self) -> str:
        return public_id("mem", self.uid)


class Invitation(models.Model):
    """An address that was asked to join. Only the SHA-256 of the secret in its link is stored; one open per address."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="invitations")
    email = models.EmailField(_("e-mail"), max_length=254)
    role = models.CharField(_("role"), max_length=12, choices=Role.choices)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("invited"), editable=False)
    expires_at = models.DateTimeField(_("expires"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(_("declined or withdrawn"), null=True, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                "team",
                condition=models.Q(accepted_at=None, ended_at=None),
                name="invitation_open_once_per_address",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=[role for role in Role.values if role != Role.OWNER]),
                name="invitation_role_is_not_owner",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None, accepted_by=None)
                | models.Q(accepted_at__isnull=False, accepted_by__isnull=False, ended_at=None),
                name="invitation_accepted_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.team_id}"

    @property
    def public_id(self) -> str:
        return public_id("inv", self.uid)


class StaffBinding(models.Model):
    """An operator who sees and touches only the teams that rows of this table name; without a row, all of them."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("binding of staff to a team")
        verbose_name_plural = _("bindings of staff to teams")
        constraints = [models.UniqueConstraint(fields=["user", "team"], name="staff_binding_once")]

    def __str__(self) -> str:
        return f"{self.user_id} to {self.team_id}"


class AccessGrant(models.Model):
    """An access group that staff gave a team beside its main one, until `ends_at`."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="access_grants")
    access_group = models.ForeignKey(AccessGroup, on_delete=models.PROTECT, related_name="grants")
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)

    class Meta:
        verbose_name = _("access grant")
        verbose_name_plural = _("access grants")
        constraints = [models.UniqueConstraint(fields=["team", "access_group"], name="access_grant_once_per_team")]

    def __str__(self) -> str:
        return f"{self.access_group_id} for {self.team_id}"


LONGEST_LIFE = timedelta(days=365)


class Scope(models.TextChoices):
    READ = "read", _("Read")
    TOKENS = "tokens", _("Tokens")
    PROJECTS = "projects", _("Projects")
    TOPUP = "topup", _("Top-up")


class PersonalAccessToken(models.Model):
    """Lets a script act for one user in one team. Only the SHA-256 of the token is stored."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    last_four = models.CharField(max_length=4, editable=False)
    scopes = ArrayField(models.CharField(max_length=12, choices=Scope.choices), verbose_name=_("scopes"))
    created_at = models.DateTimeField(_("created"), editable=False)
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("personal access token")
        verbose_name_plural = _("personal access tokens")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__lte=models.F("created_at") + LONGEST_LIFE), name="pat_within_a_year"
            ),
            models.CheckConstraint(condition=models.Q(scopes__contained_by=Scope.values), name="pat_scopes_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return public_id("pat", self.uid)
