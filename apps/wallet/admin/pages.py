"""What the ledger's pages share: amounts as credits, wallets by their names, links to what belongs together."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from apps.core.admin import ReadOnlyAdmin
from apps.core.money import credits_text
from apps.wallet.models import Account


def credits_column(field: str, label: Any) -> Any:
    """A list column that shows a nanocredit field as credits."""

    @admin.display(description=label, ordering=field)
    def column(_admin: Any, row: Any) -> str:
        return credits_text(getattr(row, field))

    return column


def link_column(field: str, label: Any, *, to: str) -> Any:
    """A field with the id of a row of another ledger page, as a link there."""

    @admin.display(description=label, ordering=field)
    def column(_admin: Any, row: Any) -> str:
        found = getattr(row, field)
        if found is None:
            return "–"
        return format_html('<a href="{}">{}</a>', reverse(f"admin:wallet_{to}_change", args=[found]), found)

    return column


class OfWallets(ReadOnlyAdmin):
    """Rows of wallets, each shown with what its wallet is called: a number tells staff nothing."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        label = Account.objects.filter(pk=OuterRef("wallet_id")).values("label")
        rows: QuerySet[Any] = super().get_queryset(request).annotate(wallet_label=Subquery(label))
        return rows

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "wallet_id" or super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("wallet"))
    def wallet(self, row: Any) -> str:
        name = f"{row.wallet_id} {row.wallet_label or ''}".rstrip()
        return format_html('<a href="{}">{}</a>', reverse("admin:wallet_account_change", args=[row.wallet_id]), name)


def list_link(model: str, wallet_id: int, words: Any) -> str:
    """To the rows of one wallet in another list."""
    return format_html(
        '<a href="{}?wallet_id={}">{}</a>', reverse(f"admin:wallet_{model}_changelist"), wallet_id, words
    )
