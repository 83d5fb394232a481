"""Which acts of staff on a wallet need a second person, and the trail every one of them leaves."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from django.conf import settings

from apps.core.money import NANOS_PER_CREDIT, credits_text, nanos_from_text
from apps.journal import queries as journal_queries
from apps.journal import services as journal
from apps.journal.errors import ApprovalUsed
from apps.journal.types import Act
from apps.wallet import errors
from apps.wallet.models import KeyedPosting
from apps.wallet.queries import wallet_time
from apps.wallet.types import LotTerms, Mandate, StaffAct, StaffActName

WALLET = "wallet"
SPLIT_WINDOW = timedelta(days=1)


# -- What is approved: all that decides what an act does -------------------------------------------


def grant(wallet_id: int, amount_nanos: int, *, source: str, terms: LotTerms, key: str) -> StaffAct:
    told = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(terms).items()}
    parameters = {"amount_nanos": amount_nanos, "source": str(source), "terms": told, "key": key}
    return StaffAct(StaffActName.GRANT, wallet_id, parameters)


def debit(wallet_id: int, amount_nanos: int, *, key: str) -> StaffAct:
    return StaffAct(StaffActName.DEBIT, wallet_id, {"amount_nanos": amount_nanos, "key": key})


def charge_refund(wallet_id: int, transfer_id: UUID, *, amount_nanos: int, key: str) -> StaffAct:
    parameters = {"transfer_id": str(transfer_id), "amount_nanos": amount_nanos, "key": key}
    return StaffAct(StaffActName.CHARGE_REFUND, wallet_id, parameters)


def lot_refund(wallet_id: int, lot_id: UUID, *, amount_nanos: int | None, key: str) -> StaffAct:
    """`amount_nanos` None: all that can go when it happens."""
    parameters = {"lot_id": str(lot_id), "amount_nanos": amount_nanos, "key": key}
    return StaffAct(StaffActName.LOT_REFUND, wallet_id, parameters)


def withdrawal(wallet_id: int, lot_id: UUID, *, amount_nanos: int | None, key: str) -> StaffAct:
    """As `lot_refund`."""
    parameters = {"lot_id": str(lot_id), "amount_nanos": amount_nanos, "key": key}
    return StaffAct(StaffActName.WITHDRAWAL, wallet_id, parameters)


def reversal(wallet_id: int, transfer_id: UUID, *, amount_nanos: int) -> StaffAct:
    parameters = {"transfer_id": str(transfer_id), "amount_nanos": amount_nanos}
    return StaffAct(StaffActName.REVERSAL, wallet_id, parameters)


def due_cancellation(wallet_id: int, key: str, *, amount_nanos: int) -> StaffAct:
    return StaffAct(StaffActName.DUE_CANCELLATION, wallet_id, {"due": key, "amount_nanos": amount_nanos})


# -- The rule --------------------------------------------------------------------------------------


def claim(act: StaffAct, mandate: Mandate) -> None:
    """Spends the mandate's approval, if it names one. Call it in the act's transaction, before the wallet is locked.

    Raises what `journal.use_approval` raises. A repeat under a known key uses none: the posting gives the first result.
    """
    if mandate.approval_id is None or KeyedPosting.objects.filter(key=mandate.key).exists():
        return
    try:
        journal.use_approval(
            mandate.approval_id, act=act.name, target_id=str(act.wallet_id), parameters=act.parameters, at=wallet_time()
        )
    except ApprovalUsed:
        if not KeyedPosting.objects.filter(key=mandate.key, approval_id=mandate.approval_id).exists():
            raise


def record(
    act: StaffAct,
    mandate: Mandate,
    *,
    amount_nanos: int,
    transfer_id: UUID | None,
    outcome: Mapping[str, object] = MappingProxyType({}),
) -> None:
    """The last step of an act that was not a repeat, in its transaction: may one person do this, and who did.

    Raises `ApprovalNeeded` when somebody alone moved more than the limit, so that the act is undone with its
    transaction; asking last, nobody is sent for an approval of what the ledger would refuse. What the platform does by
    itself leaves its transfer only; a grant that comes here is always somebody's, even from a command that knows no
    name. `outcome` is what the line tells besides: what nobody could ask for, since it came of the act.

    Each act counts alone. Parts of an amount are not hidden: what somebody moves on one wallet within a day without
    approval is added up, and above the limit an operator hears of it.
    """
    if mandate.actor is None and act.name is not StaffActName.GRANT:
        return
    is_alone = mandate.actor is not None and mandate.approval_id is None
    if is_alone and amount_nanos > settings.APPROVAL_ABOVE_CREDITS * NANOS_PER_CREDIT:
        raise errors.ApprovalNeeded(act=act)
    at = wallet_time()
    told = {"credits": credits_text(amount_nanos), "transfer": transfer_id and str(transfer_id), **outcome}
    journal.record_act(_line(act, mandate, told), at=at)
    if mandate.actor is not None and is_alone:
        _watch_for_splitting(act.wallet_id, mandate.actor, at=at)


def _line(act: StaffAct, mandate: Mandate, told: Mapping[str, object]) -> Act:
    details: dict[str, object] = {**act.parameters, **told, "approval": mandate.approval_id}
    wallet, scope = str(act.wallet_id), scope_of(act.wallet_id)
    return Act(act.name, WALLET, wallet, actor_id=mandate.actor, reason=mandate.reason, details=details, scope=scope)


def scope_of(wallet_id: int) -> str:
    """Whose trail an act on a wallet stands in, for an owner that the wallet does not know."""
    return f"{WALLET}:{wallet_id}"


def _watch_for_splitting(wallet_id: int, actor: int, *, at: datetime) -> None:
    acts = journal_queries.details_of_acts(WALLET, str(wallet_id), actor=actor, since=at - SPLIT_WINDOW)
    alone = [details for details in acts if _was_alone(details)]
    total = sum(nanos_from_text(str(details["credits"])) for details in alone)
    if total > settings.APPROVAL_ABOVE_CREDITS * NANOS_PER_CREDIT:
        journal.raise_alert(
            "corrections-split",
            dedupe_key=f"corrections-split:{wallet_id}:{actor}",
            details={"wallet": wallet_id, "actor": actor, "credits": credits_text(total), "acts": len(alone)},
        )


def _was_alone(details: Mapping[str, object]) -> bool:
    return "credits" in details and details.get("approval") is None
