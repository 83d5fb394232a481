"""Lots, what was drawn from and given back to them, and what wallets owe."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from apps.core.admin import ReadOnlyAdmin, ServiceAction, ServiceActionsMixin
from apps.core.money import credits_text, minor_text
from apps.wallet import queries
from apps.wallet.admin import corrections
from apps.wallet.admin.pages import OfWallets, credits_column, link_column
from apps.wallet.forms import LotRefundForm, WithdrawalForm
from apps.wallet.models import Draw, Due, Lot, Return


def _left(lot: Lot) -> int:
    """What spending has left of the lot by now, booked or not."""
    return next(state.remaining_nanos for state in queries.lots_of(lot.wallet_id) if state.lot_id == lot.pk)


def _facts(lot: Lot) -> list[tuple[Any, str]]:
    facts = [
        (_("Lot"), f"{lot.get_source_display()} {lot.pk}"),
        (_("Granted"), credits_text(lot.amount_nanos)),
        (_("Unspent now"), credits_text(_left(lot))),
    ]
    if lot.paid_minor:
        facts.append((_("Paid"), _money(lot, lot.paid_minor)))
    return facts


def _withdrawal_facts(lot: Lot) -> list[tuple[Any, str]]:
    return [*_facts(lot), (_("Can go now"), credits_text(queries.to_go_of(lot.pk).amount_nanos))]


def _refund_facts(lot: Lot) -> list[tuple[Any, str]]:
    """With the money, before anybody decides about it."""
    to_go = queries.to_go_of(lot.pk)
    return [
        *_facts(lot),
        (_("Paid back so far"), _money(lot, _paid_back(lot))),
        (_("Can go now"), credits_text(to_go.amount_nanos)),
        (_("Money for it now"), _money(lot, to_go.paid_back_minor)),
        (_("Can be paid back until"), date_format(localtime(lot.refund_until), "DATETIME_FORMAT")),
    ]


def _paid_back(lot: Lot) -> int:
    return sum(refund.paid_back_minor for refund in queries.refunds_of(lot.pk) if not refund.is_reversed)


def _money(lot: Lot, minor: int) -> str:
    return f"{minor_text(minor)} {lot.currency}" if lot.paid_minor else "–"


@admin.register(Lot)
class LotAdmin(ServiceActionsMixin, OfWallets):
    list_display = (
        "id",
        "wallet",
        "source",
        "amount",
        "spent",
        "expired",
        "paid_back",
        "taken_back",
        "spend_until",
        "refund_until",
        "created_at",
    )
    list_filter = ("source",)
    search_fields = ("=id", "=wallet_id", "=transfer_id")
    ordering = ("-id",)
    fields = (
        "id",
        "wallet",
        "transfer",
        "source",
        "amount",
        "left",
        "spent",
        "expired",
        "paid_back",
        "taken_back",
        "kept",
        "paid",
        "money_back",
        "price_tier",
        "stands_for",
        "spend_until",
        "refund_until",
        "created_at",
    )
    readonly_fields = fields
    service_actions = (
        ServiceAction(
            name="withdraw",
            label=_("Take back unspent credits"),
            explanation=_(
                "Takes credits of this lot back that are neither spent nor held: granted by mistake, or a bonus that "
                "lost its ground. No money is paid for them."
            ),
            permission="wallet.correct_account",
            call=corrections.withdraw,
            form=WithdrawalForm,
            facts=_withdrawal_facts,
            wants_recent_sign_in=True,
        ),
        ServiceAction(
            name="pay_back",
            label=_("Pay back lot"),
            explanation=_(
                "Takes unspent credits of this paid lot out of the wallet and works out the money for them, in "
                "proportion to what was paid, rounded down. Pay it back by the way it came, and name that in the "
                "reason."
            ),
            permission="wallet.correct_account",
            call=corrections.refund_lot,
            form=LotRefundForm,
            facts=_refund_facts,
            offered_for=lambda lot: lot.paid_minor > 0 and lot.refund_until is not None,
            wants_recent_sign_in=True,
        ),
    )
    amount = credits_column("amount_nanos", _("credits"))
    spent = credits_column("consumed_nanos", _("booked as spent"))
    expired = credits_column("expired_nanos", _("expired"))
    paid_back = credits_column("refunded_nanos", _("paid back"))
    taken_back = credits_column("withdrawn_nanos", _("taken back"))
    kept = credits_column("kept_nanos", _("kept for open calls"))
    transfer = link_column("transfer_id", _("transfer"), to="transfer")
    stands_for = link_column("restores_id", _("stands for"), to="lot")

    @admin.display(description=_("unspent now"))
    def left(self, lot: Lot) -> str:
        return credits_text(_left(lot))

    @admin.display(description=_("paid"))
    def paid(self, lot: Lot) -> str:
        return _money(lot, lot.paid_minor)

    @admin.display(description=_("paid back in money"))
    def money_back(self, lot: Lot) -> str:
        return _money(lot, _paid_back(lot))


@admin.register(Draw)
class DrawAdmin(OfWallets):
    list_display = ("id", "at", "wallet", "lot", "starts", "amount")
    search_fields = ("=wallet_id", "=lot_id")
    ordering = ("-id",)
    fields = ("id", "at", "wallet", "lot", "starts", "amount")
    readonly_fields = fields
    lot = link_column("lot_id", _("lot"), to="lot")
    starts = credits_column("starts_nanos", _("from"))
    amount = credits_column("amount_nanos", _("credits"))


@admin.register(Return)
class ReturnAdmin(ReadOnlyAdmin):
    list_display = ("id", "transfer", "drawn_from", "given_to", "amount")
    search_fields = ("=transfer_id", "=lot_id", "=into_lot_id")
    ordering = ("-id",)
    fields = ("id", "transfer", "drawn_from", "given_to", "amount")
    readonly_fields = fields
    transfer = link_column("transfer_id", _("transfer"), to="transfer")
    drawn_from = link_column("lot_id", _("drawn from"), to="lot")
    given_to = link_column("into_lot_id", _("given to"), to="lot")
    amount = credits_column("amount_nanos", _("credits"))


class OpenDues(admin.SimpleListFilter):
    """Which dues still wait for credits."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("Open")), ("settled", _("Settled")), ("cancelled", _("Cancelled"))]

    def queryset(self, request: Any, queryset: Any) -> Any:
        chosen: dict[str, dict[str, Any]] = {
            "open": {"settled_at": None, "cancelled_at": None},
            "settled": {"settled_at__isnull": False},
            "cancelled": {"cancelled_at__isnull": False},
        }
        return queryset.filter(**chosen.get(self.value() or "", {}))


def _ended_at(due: Due) -> datetime | None:
    return due.settled_at or due.cancelled_at


@admin.register(Due)
class DueAdmin(ServiceActionsMixin, OfWallets):
    list_display = ("id", "wallet", "kind", "amount", "since", "business_on", "reason", "settled_at", "cancelled_at")
    list_filter = (OpenDues, "kind")
    search_fields = ("=key", "=wallet_id")
    ordering = ("-id",)
    fields = (
        "key",
        "wallet",
        "kind",
        "amount",
        "since",
        "business_on",
        "reason",
        "settled_by",
        "settled_at",
        "cancelled_at",
        "cancel_reason",
    )
    readonly_fields = fields
    service_actions = (
        ServiceAction(
            name="cancel",
            label=_("Cancel due"),
            explanation=_("The wallet will not be charged for it. A due that is cancelled stays cancelled."),
            permission="wallet.correct_account",
            call=corrections.cancel_due,
            facts=lambda due: [(_("Due"), str(due)), (_("Credits"), credits_text(due.amount_nanos))],
            offered_for=lambda due: _ended_at(due) is None,
            wants_recent_sign_in=True,
        ),
    )
    amount = credits_column("amount_nanos", _("credits"))
    settled_by = link_column("transfer_id", _("settled by"), to="transfer")
