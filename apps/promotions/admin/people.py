"""Who invited whom, by which code; who got credits for what."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.admin import ReadOnlyAdmin, ServiceAction, ServiceActionsMixin, actor_of
from apps.promotions import services
from apps.promotions.admin.columns import credits_column
from apps.promotions.forms import InviterForm
from apps.promotions.models import Credit, Referral, ReferralCode


def _rotate(request: HttpRequest, code: ReferralCode, cleaned: dict[str, Any]) -> str:
    new = services.rotate_referral_code(code.pk, actor=actor_of(request), at=clock.now(), reason=cleaned["reason"])
    return gettext("The new code is %(code)s.") % {"code": new}


def _add_inviter(request: HttpRequest, code: ReferralCode, cleaned: dict[str, Any]) -> str | Promise:
    services.add_inviter(
        code.user_id, code=cleaned["code"], actor=actor_of(request), at=clock.now(), reason=cleaned["reason"]
    )
    return _("The inviter is added. Rewards begin with what happens from now on.")


@admin.register(ReferralCode)
class ReferralCodeAdmin(ServiceActionsMixin, ReadOnlyAdmin):
    """One row in use for each person: support finds a person here, and adds the inviter they forgot."""

    list_display = ("code", "user", "created_at", "retired_at")
    list_select_related = ("user",)
    search_fields = ("=code", "user__email")
    search_help_text = _("A code or an e-mail.")
    ordering = ("-pk",)
    fields = readonly_fields = ("code", "user", "created_at", "retired_at")
    service_actions = (
        ServiceAction(
            name="add-inviter",
            label=_("Add inviter"),
            explanation=_(
                "For somebody who forgot the code at sign-up, within seven days of joining. It is for good: nobody "
                "gets another inviter later. What happened before earns nothing."
            ),
            permission="promotions.bind_referralcode",
            call=_add_inviter,
            form=InviterForm,
            offered_for=lambda code: (
                code.retired_at is None and not Referral.objects.filter(invitee_id=code.user_id).exists()
            ),
            wants_recent_sign_in=True,
        ),
        ServiceAction(
            name="rotate",
            label=_("Replace code"),
            explanation=_("The old code and its link stop working at once. Who came by it stays invited."),
            permission="promotions.rotate_referralcode",
            call=_rotate,
            offered_for=lambda code: code.retired_at is None,
        ),
    )


@admin.register(Referral)
class ReferralAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "invitee", "inviter", "code", "bound_at", "bound_by")
    list_select_related = ("invitee", "inviter", "code", "bound_by")
    search_fields = ("invitee__email", "inviter__email", "=code__code")
    search_help_text = _("An e-mail of either side, or a code.")
    ordering = ("-pk",)
    fields = readonly_fields = ("public_id", "invitee", "inviter", "code", "bound_at", "bound_by")


@admin.register(Credit)
class CreditAdmin(ReadOnlyAdmin):
    """What verifications and registrations were worth. The subject's key stays out of sight."""

    list_display = ("id", "user", "kind", "outcome", "amount", "taken_back", "version", "at")
    list_select_related = ("user", "version")
    list_filter = ("kind", "outcome")
    search_fields = ("user__email", "=verification_id", "=wallet_id")
    search_help_text = _("An e-mail, or the number of a verification or of a wallet.")
    ordering = ("-pk",)
    amount = credits_column("amount_nanos", _("granted"))
    taken_back = credits_column("taken_back_nanos", _("taken back"))
    fields = readonly_fields = (
        "user",
        "kind",
        "outcome",
        "verification_id",
        "version",
        "wallet_id",
        "amount",
        "lot_id",
        "at",
        "taken_back",
        "taken_back_at",
    )
