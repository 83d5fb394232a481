"""What a second person approved is carried out at once: which service stands behind the name of an act."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.core.errors import NotFound
from apps.journal import queries as journal_queries
from apps.journal import services as journal
from apps.journal.types import ApprovalState
from apps.wallet import services as wallet
from apps.wallet.types import LotRefund, LotTerms, Mandate, StaffActName

Values = Mapping[str, object]


@dataclass(frozen=True)
class ApprovedAct:
    """`permission`: what whoever asks and whoever approves must both have."""

    label: str | Promise
    permission: str
    carry_out: Callable[[ApprovalState, datetime], object]


def approve_and_carry_out(approval_id: int, *, actor: int, at: datetime, note: str = "") -> object:
    """Approves and acts, or neither: an act that the ledger refuses leaves the request open. Returns what the act does.

    Raises `ApprovalOwn`, `ApprovalDecided`, `ApprovalMissing` and what the act raises. A second call is told that the
    request was decided.
    """
    with transaction.atomic(durable=True):
        journal.approve(approval_id, actor=actor, at=at, note=note)
        asked = journal_queries.approval_by_id(approval_id, at=at)
        return act_named(asked.act).carry_out(asked, at)


def act_named(name: str) -> ApprovedAct:
    """Raises `NotFound` for an act that this release does not know."""
    try:
        return ACTS[name]
    except KeyError:
        raise NotFound from None


def _grant(asked: ApprovalState, at: datetime) -> None:
    wallet.grant_lot(
        int(asked.target_id),
        _mandate(asked),
        amount_nanos=_number(asked.parameters, "amount_nanos"),
        source=_text(asked.parameters, "source"),
        terms=_terms(asked.parameters["terms"]),
    )


def _debit(asked: ApprovalState, at: datetime) -> None:
    wallet.debit_adjustment(
        int(asked.target_id), _mandate(asked), amount_nanos=_number(asked.parameters, "amount_nanos")
    )


def _refund_charge(asked: ApprovalState, at: datetime) -> None:
    wallet.refund_charge(
        UUID(_text(asked.parameters, "transfer_id")),
        _mandate(asked),
        amount_nanos=_number(asked.parameters, "amount_nanos"),
    )


def _refund_lot(asked: ApprovalState, at: datetime) -> LotRefund:
    return wallet.refund_lot(
        UUID(_text(asked.parameters, "lot_id")), _mandate(asked), at=at, amount_nanos=_part(asked.parameters)
    )


def _withdraw_lot(asked: ApprovalState, at: datetime) -> None:
    wallet.withdraw_lot(UUID(_text(asked.parameters, "lot_id")), _mandate(asked), amount_nanos=_part(asked.parameters))


def _reverse(asked: ApprovalState, at: datetime) -> None:
    wallet.reverse_transfer(
        UUID(_text(asked.parameters, "transfer_id")),
        reason=asked.reason,
        actor=asked.requested_by,
        approval_id=asked.approval_id,
    )


def _cancel_due(asked: ApprovalState, at: datetime) -> None:
    key = _text(asked.parameters, "due")
    mandate = Mandate(f"due-cancellation:{key}", asked.reason, asked.requested_by, asked.approval_id)
    if not wallet.cancel_due_by_staff(key, mandate):
        raise NotFound(_("The due was settled or cancelled in the meantime."))


ACTS: Mapping[str, ApprovedAct] = {
    StaffActName.GRANT: ApprovedAct(_("Grant credits"), "wallet.grant_account", _grant),
    StaffActName.DEBIT: ApprovedAct(_("Take credits"), "wallet.correct_account", _debit),
    StaffActName.CHARGE_REFUND: ApprovedAct(_("Refund charge"), "wallet.correct_account", _refund_charge),
    StaffActName.LOT_REFUND: ApprovedAct(_("Pay back lot"), "wallet.correct_account", _refund_lot),
    StaffActName.WITHDRAWAL: ApprovedAct(_("Take back unspent credits"), "wallet.correct_account", _withdraw_lot),
    StaffActName.REVERSAL: ApprovedAct(_("Reverse transfer"), "wallet.correct_account", _reverse),
    StaffActName.DUE_CANCELLATION: ApprovedAct(_("Cancel due"), "wallet.correct_account", _cancel_due),
}


def _mandate(asked: ApprovalState) -> Mandate:
    """Whoever asked stays the author; whoever approved is on the approval."""
    return Mandate(_text(asked.parameters, "key"), asked.reason, asked.requested_by, asked.approval_id)


def _terms(told: object) -> LotTerms:
    return msgspec.convert(told, LotTerms)


def _part(values: Values) -> int | None:
    return msgspec.convert(values["amount_nanos"], int | None)


def _number(values: Values, name: str) -> int:
    return msgspec.convert(values[name], int)


def _text(values: Values, name: str) -> str:
    return msgspec.convert(values[name], str)
