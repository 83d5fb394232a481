"""Wallets, limits and house accounts; the acts on a whole wallet; what calls hold."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from apps.core.admin import ReadOnlyAdmin, ServiceAction, ServiceActionsMixin
from apps.core.money import credits_text
from apps.wallet.admin import corrections
from apps.wallet.admin.pages import OfWallets, credits_column, link_column, list_link
from apps.wallet.forms import DebitForm, GrantForm, LimitForm
from apps.wallet.models import Account, AccountKind, Hold, KeyedPosting

# Limits whose owner keeps no copy of them; a token's limit is changed on the token's page.
OWN_LIMITS = frozenset((AccountKind.PROJECT, AccountKind.MEMBER, AccountKind.TEAM))


def _is_open_wallet(account: Account) -> bool:
    return account.kind == AccountKind.WALLET and account.closed_at is None


def _facts(account: Account) -> list[tuple[Any, str]]:
    available = account.credits_posted - account.debits_posted - account.debits_pending
    return [(_("Wallet"), str(account)), (_("Available"), credits_text(available))]


def _limit_of(account: Account) -> dict[str, Any]:
    limit = account.limit_nanos
    return {"limit": "" if limit is None else credits_text(limit), "refill": account.refill}


@admin.register(Account)
class AccountAdmin(ServiceActionsMixin, OfWallets):
    list_display = ("id", "label", "kind", "wallet", "available", "held", "spent", "open_slots", "closed_at")
    list_filter = ("kind",)
    search_fields = ("=id", "=wallet_id", "label")
    ordering = ("-id",)
    fields = (
        "label",
        "kind",
        "wallet",
        "available",
        "held",
        "came_in",
        "spent",
        "open_slots",
        "capped",
        "limit",
        "refill",
        "is_free_only",
        "closed_at",
        "created_at",
        "history",
        "lots",
        "dues",
    )
    readonly_fields = fields
    service_actions = (
        ServiceAction(
            name="grant",
            label=_("Grant credits"),
            explanation=_(
                "The credits are spendable at once, never expire and cannot be paid out. A grant is never edited: "
                "a mistake is corrected by another transfer."
            ),
            permission="wallet.grant_account",
            call=corrections.grant,
            form=GrantForm,
            facts=_facts,
            offered_for=_is_open_wallet,
            wants_recent_sign_in=True,
        ),
        ServiceAction(
            name="debit",
            label=_("Take credits"),
            explanation=_(
                "An adjustment in the platform's favour: takes credits that this wallet should not have, as a call "
                "would, the soonest to end first. It is refused when they are not there."
            ),
            permission="wallet.correct_account",
            call=corrections.debit,
            form=DebitForm,
            facts=_facts,
            offered_for=lambda account: account.kind == AccountKind.WALLET,
            wants_recent_sign_in=True,
        ),
        ServiceAction(
            name="free_only",
            label=_("Stop when free credit is used up"),
            explanation=_(
                "From the next call on, the wallet spends only credit that nobody paid for, and refuses calls when "
                "it is used up. Nothing else changes; it can be turned off at any time."
            ),
            permission="wallet.correct_account",
            call=corrections.turn_free_only_on,
            facts=_facts,
            offered_for=lambda account: _is_open_wallet(account) and account.free_account_id is None,
        ),
        ServiceAction(
            name="all_credit",
            label=_("Spend paid credit too"),
            explanation=_("Turns off the switch that stops this wallet when its free credit is used up."),
            permission="wallet.correct_account",
            call=corrections.turn_free_only_off,
            facts=_facts,
            offered_for=lambda account: _is_open_wallet(account) and account.free_account_id is not None,
        ),
        ServiceAction(
            name="limit",
            label=_("Change limit"),
            explanation=_("Holds from the next call on. What was used in this period stays used."),
            permission="wallet.correct_account",
            call=corrections.set_limit,
            form=LimitForm,
            facts=lambda account: [(_("Account"), str(account))],
            initial=_limit_of,
            offered_for=lambda account: account.kind in OWN_LIMITS and account.closed_at is None,
        ),
    )
    held = credits_column("debits_pending", _("held"))
    spent = credits_column("debits_posted", _("spent"))
    came_in = credits_column("credits_posted", _("came in"))

    @admin.display(description=_("available"))
    def available(self, account: Account) -> str:
        if not account.capped:
            return "–"
        return credits_text(account.credits_posted - account.debits_posted - account.debits_pending)

    @admin.display(description=_("limit"))
    def limit(self, account: Account) -> str:
        return "–" if account.limit_nanos is None else credits_text(account.limit_nanos)

    @admin.display(description=_("stops when free credit is used up"), boolean=True)
    def is_free_only(self, account: Account) -> bool:
        return account.free_account_id is not None

    @admin.display(description=_("history"))
    def history(self, account: Account) -> str:
        return list_link("transfer", account.wallet_id, _("Transfers of this wallet"))

    @admin.display(description=_("lots"))
    def lots(self, account: Account) -> str:
        return list_link("lot", account.wallet_id, _("Lots of this wallet"))

    @admin.display(description=_("dues"))
    def dues(self, account: Account) -> str:
        return list_link("due", account.wallet_id, _("Dues of this wallet"))


@admin.register(Hold)
class HoldAdmin(OfWallets):
    list_display = ("id", "wallet", "amount", "tokens", "owner_id", "max_until")
    search_fields = ("=id", "=wallet_id")
    ordering = ("-id",)
    fields = ("id", "wallet", "accounts", "amount", "tokens", "has_slot", "owner_id", "max_until")
    readonly_fields = fields
    amount = credits_column("amount_nanos", _("credits"))


@admin.register(KeyedPosting)
class KeyedPostingAdmin(ReadOnlyAdmin):
    list_display = ("key", "transfer", "approval_id")
    search_fields = ("=key", "=transfer_id", "=approval_id")
    ordering = ("key",)
    fields = ("key", "transfer", "approval_id")
    readonly_fields = fields
    transfer = link_column("transfer_id", _("transfer"), to="transfer")
