"""Rewards of inviters: what each is and where it went, and what operators decide about it."""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from apps.core.admin import ReadOnlyAdmin, ServiceAction, ServiceActionsMixin, by_service
from apps.core.money import credits_text
from apps.promotions import services
from apps.promotions.admin.columns import credits_column
from apps.promotions.models import Reward, RewardBalance, RewardTransfer
from apps.promotions.types import RewardStatus

DECIDE = "promotions.decide_reward"


def _facts(reward: Reward) -> list[tuple[Any, str]]:
    facts: list[tuple[Any, str]] = [
        (_("Inviter"), reward.inviter.email),
        (_("Invitee"), reward.referral.invitee.email),
        (_("For"), reward.get_trigger_display()),
        (_("Amount"), credits_text(reward.amount_nanos)),
        (_("Status"), reward.get_status_display()),
    ]
    if reward.block_reason:
        facts.append((_("Why blocked"), reward.get_block_reason_display()))
    return [*facts, (_("Left"), credits_text(reward.left_nanos)), (_("Moved"), credits_text(reward.moved_nanos))]


@admin.register(Reward)
class RewardAdmin(ServiceActionsMixin, ReadOnlyAdmin):
    list_display = (
        "public_id",
        "status",
        "amount",
        "reversed",
        "trigger",
        "inviter",
        "invitee",
        "block_reason",
        "earned_at",
        "due_at",
        "held_at",
    )
    list_select_related = ("inviter", "referral__invitee", "version__campaign")
    list_filter = ("status", "trigger", "block_reason", ("held_at", admin.EmptyFieldListFilter))
    search_fields = ("inviter__email", "referral__invitee__email", "=order_key", "=verification_id")
    search_help_text = _("An e-mail of either side, an order, or the number of a verification.")
    ordering = ("-pk",)
    offered = credits_column("offered_nanos", _("before caps"))
    amount = credits_column("amount_nanos", _("amount"))
    reversed = credits_column("reversed_nanos", _("reversed"))
    shortfall = credits_column("shortfall_nanos", _("reversed after it was moved"))
    moved = credits_column("moved_nanos", _("moved to a balance"))
    set_off = credits_column("set_off_nanos", _("set off against a shortfall"))
    given_up = credits_column("given_up_nanos", _("given up"))
    left = credits_column("left_nanos", _("left"))
    fields = readonly_fields = (
        "public_id",
        "inviter",
        "invitee",
        "campaign",
        "version",
        "trigger",
        "order_key",
        "verification_id",
        "status",
        "block_reason",
        "offered",
        "amount",
        "reversed",
        "shortfall",
        "moved",
        "set_off",
        "given_up",
        "left",
        "paid_minor",
        "refunded_minor",
        "currency",
        "earned_at",
        "due_at",
        "held_at",
        "released_at",
    )
    service_actions = (
        ServiceAction(
            name="hold",
            label=_("Hold reward"),
            explanation=_("It does not become available until somebody releases it."),
            permission=DECIDE,
            call=by_service(services.hold_reward, _("The reward is held.")),
            facts=_facts,
            offered_for=lambda reward: reward.status == RewardStatus.PENDING and reward.held_at is None,
        ),
        ServiceAction(
            name="release",
            label=_("Release reward"),
            explanation=_(
                "It becomes available on its day, or within a minute when that is over. A blocked reward counts "
                "against the caps of its campaign from now on."
            ),
            permission=DECIDE,
            call=by_service(services.release_reward, _("The reward is released.")),
            facts=_facts,
            offered_for=lambda reward: reward.status == RewardStatus.BLOCKED or reward.held_at is not None,
            wants_recent_sign_in=True,
        ),
        ServiceAction(
            name="reverse",
            label=_("Reverse reward"),
            explanation=_(
                "Takes the whole reward back. What was moved to a balance stays there, and the inviter's next rewards "
                "make up for it. It cannot be undone."
            ),
            permission=DECIDE,
            call=by_service(services.reverse_reward, _("The reward is reversed.")),
            facts=_facts,
            offered_for=lambda reward: reward.status not in {RewardStatus.BLOCKED, RewardStatus.REVERSED},
            wants_recent_sign_in=True,
        ),
    )

    @admin.display(description=_("invitee"))
    def invitee(self, reward: Reward) -> str:
        return str(reward.referral.invitee)

    @admin.display(description=_("campaign"))
    def campaign(self, reward: Reward) -> str:
        return str(reward.version.campaign)


def _account_link(account_id: int) -> str:
    return format_html('<a href="{}">{}</a>', reverse("admin:wallet_account_change", args=[account_id]), account_id)


@admin.register(RewardBalance)
class RewardBalanceAdmin(ReadOnlyAdmin):
    list_display = ("user", "account_link", "shortfall", "opened_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "=account__id")
    ordering = ("-pk",)
    shortfall = credits_column("shortfall_nanos", _("shortfall"))
    fields = readonly_fields = ("user", "account_link", "shortfall", "opened_at")

    @admin.display(description=_("account of the ledger"))
    def account_link(self, balance: RewardBalance) -> str:
        return _account_link(balance.account_id)


@admin.register(RewardTransfer)
class RewardTransferAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "user", "team", "amount", "at")
    list_select_related = ("balance__user", "team")
    search_fields = ("balance__user__email", "team__name")
    ordering = ("-pk",)
    amount = credits_column("amount_nanos", _("amount"))
    fields = readonly_fields = ("public_id", "user", "team", "amount", "lot_id", "at")

    @admin.display(description=_("user"))
    def user(self, transfer: RewardTransfer) -> str:
        return str(transfer.balance.user)
