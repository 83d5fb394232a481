"""The approvals in the back office: whoever has the act's own permission approves what somebody else asked for."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import approvals
from apps.console.words.wallet import SOURCE_NAMES
from apps.core import clock
from apps.core.admin import ReasonForm, ServiceAction, actor_of
from apps.core.money import credits_text, minor_text
from apps.journal.approvals_admin import REFUSE, ApprovalsAdmin
from apps.wallet import queries as wallet
from apps.wallet.types import LotRefund, StaffActName

Facts = list[tuple[Any, str]]


class ApproveForm(ReasonForm):
    """The reason is the requester's; who approves may add to it."""

    reason = forms.CharField(
        label=_("Note"), max_length=200, required=False, widget=forms.TextInput(attrs={"class": "vTextField"})
    )


def _approve(request: HttpRequest, approval: Any, cleaned: dict[str, Any]) -> str:
    done = approvals.approve_and_carry_out(approval.pk, actor=actor_of(request), at=clock.now(), note=cleaned["reason"])
    if isinstance(done, LotRefund):
        return gettext("Approved and carried out. Pay back %(money)s %(currency)s by the way it came.") % {
            "money": minor_text(done.paid_back_minor),
            "currency": done.currency,
        }
    return gettext("Approved and carried out.")


def _label(approval: Any) -> str:
    known = approvals.ACTS.get(approval.act)
    return str(known.label) if known else approval.act


def _facts(approval: Any) -> Facts:
    asked_by = approval.requested_by_name or str(approval.requested_by_id)
    return [
        (_("Act"), _label(approval)),
        (_("Wallet"), _wallet(approval)),
        *_parameters(approval),
        *_now(approval),
        (_("Asked by"), asked_by),
        (_("Reason"), approval.reason),
    ]


def _now(approval: Any) -> Facts:
    """What the figures are while somebody decides: "all" may be more than it was when it was asked for."""
    asked = approval.parameters
    facts: Facts = [(_("Available"), credits_text(wallet.balance_of(int(approval.target_id)).available_nanos))]
    if "lot_id" not in asked:
        return facts
    to_go = wallet.to_go_of(UUID(asked["lot_id"]), amount_nanos=asked["amount_nanos"])
    facts.append((_("Can go now"), credits_text(to_go.amount_nanos)))
    if approval.act == StaffActName.LOT_REFUND:
        facts.append((_("Money for it now"), f"{minor_text(to_go.paid_back_minor)} {to_go.currency}"))
    return facts


def _wallet(approval: Any) -> str:
    name = f"{approval.target_id} {wallet.label_of(int(approval.target_id))}".rstrip()
    return _link("account", approval.target_id, name)


def _parameters(approval: Any) -> Facts:
    """What was asked for, in words; what was left empty is left out."""
    asked = approval.parameters
    facts: Facts = [(_("Credits"), _credits(asked))]
    facts += [(label, _link(page, asked[name], asked[name])) for name, label, page in LINKED if name in asked]
    facts += [(_("Due"), asked["due"])] if "due" in asked else []
    facts += [(_("Source"), str(SOURCE_NAMES.get(asked["source"], asked["source"])))] if "source" in asked else []
    facts += [(label, str(asked["terms"][name])) for name, label in TERMS if asked.get("terms", {}).get(name)]
    return facts


LINKED = (("transfer_id", _("Transfer"), "transfer"), ("lot_id", _("Lot"), "lot"))
TERMS = (
    ("spend_until", _("Spend until")),
    ("refund_until", _("Can be paid back until")),
    ("paid_minor", _("Paid, in the smallest unit")),
    ("currency", _("Currency")),
    ("price_tier", _("Price tier")),
)


def _credits(asked: dict[str, Any]) -> str:
    nanos = asked["amount_nanos"]
    return gettext("all that is unspent and not held") if nanos is None else credits_text(nanos)


def _link(page: str, row: str, text: str) -> str:
    return format_html('<a href="{}">{}</a>', reverse(f"admin:wallet_{page}_change", args=[row]), text)


@admin.register(ApprovalsAdmin.approvals)
class ApprovalAdmin(ApprovalsAdmin):
    list_display = ("id", "status", "label", "credits", "wallet_link", "reason", "requested_by", "requested_at")
    fields = (
        "status",
        "label",
        "wallet",
        "what",
        "reason",
        "requested_by",
        "requested_at",
        "expires_at",
        "approved_by",
        "approved_at",
        "used_at",
        "refused_by",
        "refused_at",
        "refuse_reason",
    )
    readonly_fields = fields
    service_actions = (
        ServiceAction(
            name="approve",
            label=_("Approve and carry out"),
            explanation=_("It happens at once, in the name of whoever asked, with your approval on record."),
            permission="journal.view_approval",
            call=_approve,
            form=ApproveForm,
            facts=_facts,
            wants_recent_sign_in=True,
        ),
        REFUSE,
    )

    def is_offered(self, request: HttpRequest, action: ServiceAction, row: Any) -> bool:
        """One's own request can only be taken back."""
        known = approvals.ACTS.get(row.act)
        may_act = known is not None and request.user.has_perm(known.permission)
        is_own = row.requested_by_id == request.user.pk
        may_decide = may_act and (action is REFUSE or not is_own)
        return (may_decide or (is_own and action is REFUSE)) and super().is_offered(request, action, row)

    @admin.display(description=_("act"))
    def label(self, approval: Any) -> str:
        return _label(approval)

    @admin.display(description=_("wallet"))
    def wallet_link(self, approval: Any) -> str:
        return _link("account", approval.target_id, approval.target_id)

    @admin.display(description=_("wallet"))
    def wallet(self, approval: Any) -> str:
        return _wallet(approval)

    @admin.display(description=_("credits"))
    def credits(self, approval: Any) -> str:
        return _credits(approval.parameters)

    @admin.display(description=_("with"))
    def what(self, approval: Any) -> str:
        return format_html_join("", "<div>{}: {}</div>", _parameters(approval))
