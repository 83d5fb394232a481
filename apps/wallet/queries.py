"""Questions about the ledger. Answers are values, never rows."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from apps.wallet import errors
from apps.wallet.allocation import Share, left_after
from apps.wallet.models import Account, Hold, Lot
from apps.wallet.movements import first_movement_at, movements, statement
from apps.wallet.types import Balance, LimitUse, LotState, OpenHold, RateUse

__all__ = ["first_movement_at", "movements", "statement"]

MINUTE_NANOSECONDS = 60_000_000_000


def balance_of(wallet_id: int) -> Balance:
    """Raises `UnknownAccount`."""
    try:
        return balances_of([wallet_id])[wallet_id]
    except KeyError:
        raise errors.UnknownAccount from None


def balances_of(wallet_ids: Iterable[int]) -> dict[int, Balance]:
    rows = Account.objects.filter(pk__in=list(wallet_ids)).values_list(
        "pk", "credits_posted", "debits_posted", "debits_pending"
    )
    return {pk: Balance(posted - spent, held, posted - spent - held) for pk, posted, spent, held in rows}


def limit_use(account_ids: Iterable[int]) -> dict[int, LimitUse]:
    """Use since the last refill, what is held, and what is left of the limit."""
    return {
        account.pk: LimitUse(
            used_nanos=account.debits_posted - account.limit_base_nanos,
            held_nanos=account.debits_pending,
            remaining_nanos=_room(account) if account.capped else None,
            open_slots=account.open_slots,
        )
        for account in Account.objects.filter(pk__in=list(account_ids))
    }


def rate_use(account_id: int, *, rpm: int, tpm: int, at: datetime) -> RateUse:
    """How much of these limits the last minute used. Raises `UnknownAccount`."""
    account = Account.objects.filter(pk=account_id).first()
    if account is None:
        raise errors.UnknownAccount
    instant = int(at.timestamp() * 1_000_000) * 1000
    return RateUse(
        open_slots=account.open_slots,
        requests=_share(account.requests_stamp - instant, rpm),
        tokens=_share(account.tokens_stamp - instant, tpm),
    )


def hold_by_id(call_id: UUID) -> OpenHold | None:
    hold = Hold.objects.filter(pk=call_id).first()
    if hold is None:
        return None
    return OpenHold(hold.pk, hold.wallet_id, tuple(hold.accounts), hold.amount_nanos, hold.owner_id, hold.max_until)


def open_holds() -> int:
    """How many calls hold money now."""
    return Hold.objects.count()


def lots_of(wallet_id: int) -> list[LotState]:
    """The wallet's lots, oldest first, with what spending has left of each."""
    lots = list(Lot.objects.filter(wallet_id=wallet_id).order_by("created_at", "pk"))
    spent = Account.objects.values_list("debits_posted", flat=True).get(pk=wallet_id) if lots else 0
    gone = sum(lot.consumed_nanos + lot.expired_nanos + lot.refunded_nanos for lot in lots)
    left = left_after([_share_of(lot) for lot in lots], spent - gone)
    return [
        LotState(lot.pk, lot.source, lot.amount_nanos, left[lot.pk], lot.spend_until, lot.refund_until) for lot in lots
    ]


def _share_of(lot: Lot) -> Share:
    return Share(
        lot_id=lot.pk,
        left_nanos=lot.amount_nanos - lot.consumed_nanos - lot.expired_nanos - lot.refunded_nanos,
        spend_until=lot.spend_until,
        is_paid=lot.paid_minor > 0,
        granted_at=lot.created_at,
    )


def _room(account: Account) -> int:
    return account.credits_posted - account.debits_posted - account.debits_pending


def _share(ahead: int, per_minute: int) -> int:
    """Units of a minute's limit that a stamp this far ahead stands for."""
    return -(-max(ahead, 0) * per_minute // MINUTE_NANOSECONDS)
