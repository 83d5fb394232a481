"""Who invited whom. A trigger keeps a referral as it was bound: nobody gets another inviter."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.core.ids import public_id, uuid7


class ReferralCode(models.Model):
    """What a person hands out. A code that was replaced stays here, so that nobody is ever given it again."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(_("code"), max_length=16, unique=True)
    created_at = models.DateTimeField(_("created"), editable=False)
    retired_at = models.DateTimeField(_("replaced"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("referral code")
        verbose_name_plural = _("referral codes")
        permissions = [
            ("rotate_referralcode", "Can replace a referral code"),
            ("bind_referralcode", "Can add an inviter"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(retired_at=None), name="referral_code_one_in_use_per_user"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Referral(models.Model):
    """An invitee and the one inviter. `bound_by` is the operator who added it, None for the invitee's own sign-up."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    invitee = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("invitee")
    )
    inviter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("inviter")
    )
    code = models.ForeignKey(ReferralCode, on_delete=models.PROTECT, related_name="+", verbose_name=_("code"))
    bound_at = models.DateTimeField(_("bound"), editable=False)
    bound_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("added by"),
    )

    class Meta:
        verbose_name = _("referral")
        verbose_name_plural = _("referrals")
        indexes = [models.Index(fields=["inviter", "-id"], name="referral_of_inviter")]
        constraints = [
            models.CheckConstraint(condition=~Q(invitee=F("inviter")), name="referral_not_of_oneself"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return public_id("ref", self.uid)
