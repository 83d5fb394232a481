"""Every movement of credits, with the acts that correct one: each writes a transfer of its own."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from apps.core.admin import ServiceAction, ServiceActionsMixin
from apps.core.money import credits_text
from apps.wallet import queries
from apps.wallet.admin import corrections
from apps.wallet.admin.pages import OfWallets, credits_column, link_column
from apps.wallet.forms import ChargeRefundForm, CorrectionForm
from apps.wallet.models import Transfer, TransferKind

CHARGES = frozenset((TransferKind.CHARGE, TransferKind.LATE_CHARGE, TransferKind.STORAGE_FEE, TransferKind.CLOUD_FEE))
REVERSIBLE = frozenset((TransferKind.GRANT, TransferKind.ADJUSTMENT, TransferKind.REFUND, TransferKind.WITHDRAWAL))


def _is_charge(transfer: Transfer) -> bool:
    return transfer.kind in CHARGES and transfer.amount_nanos > 0


def _facts(transfer: Transfer) -> list[tuple[Any, str]]:
    return [
        (_("Transfer"), f"{transfer.get_kind_display()} {transfer.pk}"),
        (_("Credits"), credits_text(transfer.amount_nanos)),
    ]


def _charge_facts(transfer: Transfer) -> list[tuple[Any, str]]:
    left = transfer.amount_nanos - queries.given_back_of(transfer.pk)
    return [*_facts(transfer), (_("Not refunded yet"), credits_text(left))]


@admin.register(Transfer)
class TransferAdmin(ServiceActionsMixin, OfWallets):
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
        "lot",
        "corrects",
        "given_back",
        "business_on",
        "reason",
        "actor_id",
    )
    readonly_fields = fields
    service_actions = (
        ServiceAction(
            name="refund",
            label=_("Refund charge"),
            explanation=_(
                "Gives credits of this charge back to the lots they came from, the last one drawn first. A lot that "
                "ended meanwhile is replaced by one of 30 days."
            ),
            permission="wallet.correct_account",
            call=corrections.refund_charge,
            form=ChargeRefundForm,
            facts=_charge_facts,
            offered_for=_is_charge,
            wants_recent_sign_in=True,
        ),
        ServiceAction(
            name="reverse",
            label=_("Reverse transfer"),
            explanation=_(
                "Undoes all of this transfer by its opposite, once. Above the limit for one person, a second one has "
                "to approve."
            ),
            permission="wallet.correct_account",
            call=corrections.reverse,
            form=CorrectionForm,
            facts=_facts,
            offered_for=lambda transfer: transfer.kind in REVERSIBLE and not queries.given_back_of(transfer.pk),
            wants_recent_sign_in=True,
        ),
    )
    amount = credits_column("amount_nanos", _("credits"))
    held = credits_column("held_nanos", _("held before"))
    lot = link_column("lot_id", _("lot"), to="lot")
    corrects = link_column("reverses_id", _("corrects"), to="transfer")

    @admin.display(description=_("refunded or reversed"))
    def given_back(self, transfer: Transfer) -> str:
        return credits_text(queries.given_back_of(transfer.pk))
