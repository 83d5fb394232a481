"""What whoever closes an account gives up: it goes to the house account of expired credits, and never comes back."""

from django.db import transaction
from django.db.models import F

from apps.wallet import errors
from apps.wallet.models import Account, Lot, TransferKind
from apps.wallet.services.accounts import lock_accounts
from apps.wallet.services.entries import POSTINGS_AT_MOST, digest, earlier_posting, post
from apps.wallet.services.lot_books import tend_lots
from apps.wallet.types import House, Mandate, Posting

_ALL_LEFT = F("amount_nanos") - F("consumed_nanos") - F("refunded_nanos") - F("withdrawn_nanos")


def give_up_balance(wallet_id: int, mandate: Mandate, *, amount_nanos: int) -> None:
    """Ends every lot of a wallet now. `amount_nanos` is what its owner was shown and typed: all of it, or nothing.

    Final: no reversal brings it back. Safe to repeat by key. Raises `BalanceDiffers` when another amount is there, or
    when calls hold a part of it.
    """
    asked = digest("giving up", wallet_id, amount_nanos)
    with transaction.atomic():
        lock_accounts([wallet_id])
        if amount_nanos == 0 or earlier_posting(f"{mandate.key}:0", asked=asked) is not None:
            return
        tend_lots(wallet_id)
        _require_balance(wallet_id, amount_nanos)
        lots = [lot for lot in Lot.objects.filter(wallet_id=wallet_id).order_by("created_at", "id") if lot.left_nanos]
        postings = [_ending(lot, mandate, number) for number, lot in enumerate(lots)]
        for first in range(0, len(postings), POSTINGS_AT_MOST):
            post(postings[first : first + POSTINGS_AT_MOST], asked=asked)
        Lot.objects.filter(pk__in=[lot.pk for lot in lots]).update(expired_nanos=_ALL_LEFT)
        tend_lots(wallet_id)


def give_up_reward(account_id: int, mandate: Mandate, *, amount_nanos: int) -> None:
    """The same for a reward balance, which has no lots."""
    asked = digest("giving up", account_id, amount_nanos)
    with transaction.atomic():
        lock_accounts([account_id])
        if amount_nanos == 0 or earlier_posting(mandate.key, asked=asked) is not None:
            return
        _require_balance(account_id, amount_nanos)
        posting = Posting(
            key=mandate.key,
            kind=TransferKind.REWARD_LEFT,
            debit_account=account_id,
            credit_account=House.EXPIRED,
            amount_nanos=amount_nanos,
            wallet_id=account_id,
            reason=mandate.reason,
            actor=mandate.actor,
        )
        post([posting], asked=asked)


def _require_balance(account_id: int, amount_nanos: int) -> None:
    account = Account.objects.get(pk=account_id)
    if account.debits_pending or account.available_nanos != amount_nanos:
        raise errors.BalanceDiffers


def _ending(lot: Lot, mandate: Mandate, number: int) -> Posting:
    return Posting(
        key=f"{mandate.key}:{number}",
        kind=TransferKind.LOT_EXPIRY,
        debit_account=lot.wallet_id,
        credit_account=House.EXPIRED,
        amount_nanos=lot.left_nanos,
        wallet_id=lot.wallet_id,
        reason=mandate.reason,
        actor=mandate.actor,
        lot_id=lot.pk,
    )
