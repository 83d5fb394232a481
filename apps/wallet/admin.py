"""The ledger in the back office: read-only, without exception. Credits come in by one act, with a reason."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core.admin import ReadOnlyAdmin, ReasonForm, ServiceAction, ServiceActionsMixin, actor_of
from apps.core.ids import uuid7
from apps.core.money import credits_text, nanos_from_text
from apps.wallet import services as wallet
from apps.wallet.models import Account, AccountKind, Hold, KeyedPosting, Lot, LotSource, Transfer
from apps.wallet.types import Mandate


def _credits(field: str, label: Any) -> Any:
    """A list column that shows a nanocredit field as credits."""

    @admin.display(description=label, ordering=field)
    def column(_admin: Any, row: Any) -> str:
        return credits_text(getattr(row, field))

    return column


class OfWallets(ReadOnlyAdmin):
    """Rows of wallets, each shown with what its wallet is called: a number tells staff nothing."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        label = Account.objects.filter(pk=OuterRef("wallet_id")).values("label")
        rows: QuerySet[Any] = super().get_queryset(request).annotate(wallet_label=Subquery(label))
        return rows

    @admin.display(description=_("wallet"))
    def wallet(self, row: Any) -> str:
        return f"{row.wallet_id} {row.wallet_label or ''}".rstrip()


class GrantForm(ReasonForm):
    """The key is drawn when the page opens: sending the same page twice grants once."""

    amount = forms.CharField(label=_("Credits"), max_length=20, help_text=_("An amount such as 10 or 10.50."))
    key = forms.CharField(widget=forms.HiddenInput, initial=lambda: f"staff-grant:{uuid7()}", max_length=80)
    field_order = ("amount", "reason", "key")

    def clean_amount(self) -> int:
        try:
            nanos = nanos_from_text(self.cleaned_data["amount"].strip())
        except ValueError:
            raise forms.ValidationError(_("Write an amount such as 10 or 10.50, with at most nine decimals.")) from None
        if nanos <= 0:
            raise forms.ValidationError(_("Write an amount above 0."))
        return int(nanos)

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"]
        if not key.startswith("staff-grant:"):
            raise forms.ValidationError(_("Open the page again."))
        return key


def _grant(request: HttpRequest, account: Account, cleaned: dict[str, Any]) -> str:
    wallet.grant_lot(
        account.pk,
        Mandate(cleaned["key"], cleaned["reason"], actor=actor_of(request)),
        amount_nanos=cleaned["amount"],
        source=LotSource.ADJUSTMENT,
    )
    return gettext("%(credits)s credits granted.") % {"credits": credits_text(cleaned["amount"])}


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
        "closed_at",
        "created_at",
        "history",
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
            call=_grant,
            form=GrantForm,
            offered_for=lambda account: account.kind == AccountKind.WALLET and account.closed_at is None,
            wants_recent_sign_in=True,
        ),
    )
    held = _credits("debits_pending", _("held"))
    spent = _credits("debits_posted", _("spent"))
    came_in = _credits("credits_posted", _("came in"))

    @admin.display(description=_("available"))
    def available(self, account: Account) -> str:
        if not account.capped:
            return "–"
        return credits_text(account.credits_posted - account.debits_posted - account.debits_pending)

    @admin.display(description=_("history"))
    def history(self, account: Account) -> str:
        url = reverse("admin:wallet_transfer_changelist")
        return format_html('<a href="{}?wallet_id={}">{}</a>', url, account.wallet_id, _("Transfers of this wallet"))


@admin.register(Transfer)
class TransferAdmin(OfWallets):
    list_display = ("id", "at", "kind", "wallet", "amount", "debit_account", "credit_account", "reason", "actor_id")
    list_filter = ("kind",)
    search_fields = ("=id", "=hold_id", "=wallet_id")
    ordering = ("-id",)
    fields = (
        "id",
        "at",
        "kind",
        "wallet",
        "amount",
        "held",
        "debit_account",
        "credit_account",
        "hold_id",
        "reverses_id",
        "reason",
        "actor_id",
    )
    readonly_fields = fields
    amount = _credits("amount_nanos", _("credits"))
    held = _credits("held_nanos", _("held before"))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "wallet_id" or super().lookup_allowed(lookup, value, request)


@admin.register(Hold)
class HoldAdmin(OfWallets):
    list_display = ("id", "wallet", "amount", "tokens", "owner_id", "max_until")
    search_fields = ("=id", "=wallet_id")
    ordering = ("-id",)
    fields = ("id", "wallet", "accounts", "amount", "tokens", "has_slot", "owner_id", "max_until")
    readonly_fields = fields
    amount = _credits("amount_nanos", _("credits"))


@admin.register(Lot)
class LotAdmin(OfWallets):
    list_display = ("id", "wallet", "source", "amount", "spent", "spend_until", "refund_until", "created_at")
    list_filter = ("source",)
    search_fields = ("=id", "=wallet_id")
    ordering = ("-id",)
    amount = _credits("amount_nanos", _("credits"))
    spent = _credits("consumed_nanos", _("spent"))
    fields = (
        "id",
        "wallet",
        "transfer_id",
        "source",
        "amount",
        "spent",
        "spend_until",
        "refund_until",
        "created_at",
    )
    readonly_fields = fields


@admin.register(KeyedPosting)
class KeyedPostingAdmin(ReadOnlyAdmin):
    list_display = ("key", "transfer_id")
    search_fields = ("=key",)
    ordering = ("key",)
    fields = ("key", "transfer_id")
    readonly_fields = fields
