"""What upper apps could not charge: opened once a key, settled whole by the next credits, or cancelled."""

from datetime import date, datetime

from django.db import transaction

from apps.wallet import errors
from apps.wallet.models import Account, Due, TransferKind
from apps.wallet.queries import wallet_time
from apps.wallet.services.accounts import lock_accounts
from apps.wallet.services.entries import POSTINGS_AT_MOST, digest, post
from apps.wallet.types import House, Mandate, Posting

FEES = (TransferKind.STORAGE_FEE, TransferKind.CLOUD_FEE)


def open_due(
    wallet_id: int,
    mandate: Mandate,
    *,
    amount_nanos: int,
    kind: int,
    since: datetime,
    business_on: date | None = None,
) -> int:
    """Notes that a wallet owes a fee; returns the due's id. What the wallet can pay by now is charged at once.

    Safe to repeat by key; other content raises `IdempotencyConflict`. `kind` is one of the fees.
    """
    if kind not in FEES:
        raise ValueError(f"{kind} is not a fee")
    asked = digest("due", wallet_id, amount_nanos, int(kind), business_on)
    with transaction.atomic():
        lock_accounts([wallet_id])
        due, is_new = Due.objects.get_or_create(
            key=mandate.key,
            defaults={
                "digest": asked,
                "wallet_id": wallet_id,
                "kind": kind,
                "amount_nanos": amount_nanos,
                "reason": mandate.reason,
                "business_on": business_on,
                "since": since,
            },
        )
        if bytes(due.digest) != asked:
            raise errors.IdempotencyConflict
        if is_new:
            settle_dues(wallet_id)
        return due.pk


def cancel_due(key: str, *, reason: str) -> bool:
    """Forgives an open due; False when it is settled, cancelled or unknown. Safe to repeat."""
    with transaction.atomic():
        wallet_id = Due.objects.filter(key=key).values_list("wallet_id", flat=True).first()
        if wallet_id is None:
            return False
        lock_accounts([wallet_id])
        still_open = Due.objects.filter(key=key, settled_at=None, cancelled_at=None)
        return bool(still_open.update(cancelled_at=wallet_time(), cancel_reason=reason))


def settle_dues(wallet_id: int) -> int:
    """Charges what a locked wallet owes, oldest first and never in part, as far as its credits go; returns how many."""
    settled = 0
    while dues := _affordable(wallet_id):
        at, charges = wallet_time(), post([_charge(due) for due in dues])
        for due, charge in zip(dues, charges, strict=True):
            due.transfer_id, due.settled_at = charge.transfer_id, at
        Due.objects.bulk_update(dues, ["transfer_id", "settled_at"])
        settled += len(dues)
    return settled


def _affordable(wallet_id: int) -> list[Due]:
    """The oldest dues that the wallet can pay now, up to the first that it cannot; as many as one posting takes."""
    left = Account.objects.get(pk=wallet_id).available_nanos
    dues = Due.objects.filter(wallet_id=wallet_id, settled_at=None, cancelled_at=None).order_by("since", "pk")
    affordable: list[Due] = []
    for due in dues[:POSTINGS_AT_MOST]:
        left -= due.amount_nanos
        if left < 0:
            break
        affordable.append(due)
    return affordable


def _charge(due: Due) -> Posting:
    return Posting(
        key=f"due:{due.key}",
        kind=due.kind,
        debit_account=due.wallet_id,
        credit_account=House.REVENUE,
        amount_nanos=due.amount_nanos,
        wallet_id=due.wallet_id,
        reason=due.reason,
        business_on=due.business_on,
    )
