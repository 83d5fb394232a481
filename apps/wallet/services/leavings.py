"""What whoever closes an account gives up: it goes to the house account of expired credits, and never comes back."""

from django.db import transaction
from django.db.models import F

from apps.wallet import errors
from apps.wallet.models import Account, AccountKind, Hold, Lot, TransferKind
from apps.wallet.services.accounts import lock_accounts
from apps.wallet.services.entries import POSTINGS_AT_MOST, digest, earlier_posting, post
from apps.wallet.services.lot_books import tend_lots
from apps.wallet.types import House, Mandate, Posting

_GONE = F("consumed_nanos") + F("expired_nanos") + F("refunded_nanos") + F("withdrawn_nanos")
_ALL_BUT_THE_REST = F("amount_nanos") - F("consumed_nanos") - F("refunded_nanos") - F("withdrawn_nanos")


def give_up_balance(wallet_id: int, mandate: Mandate, *, amount_nanos: int) -> None:
    """Ends every lot of a wallet now. `amount_nanos` is what its owner was shown and typed: all of it, or nothing.

    Final: no reversal brings it back. Safe to repeat by key; giving up 0 of an empty wallet posts nothing. Raises
    `BalanceDiffers` when another amount is there or calls hold a part of it, and `UnknownAccount` for what is no
    wallet.
    """
    asked = digest("giving up", wallet_id, amount_nanos)
    with transaction.atomic():
        lock_accounts([wallet_id])
        if earlier_posting(f"{mandate.key}:0", asked=asked) is not None:
            return
        tend_lots(wallet_id)
        lots = list(Lot.objects.filter(wallet_id=wallet_id, amount_nanos__gt=_GONE).order_by("created_at", "id"))
        _require_all(wallet_id, amount_nanos, kind=AccountKind.WALLET)
        if sum(lot.left_nanos for lot in lots) != amount_nanos:
            raise errors.BalanceDiffers
        postings = [_ending(lot, mandate, number) for number, lot in enumerate(lots)]
        # The lots end first: posting counts again what they have, and would book what ended meanwhile a second time.
        Lot.objects.filter(pk__in=[lot.pk for lot in lots]).update(expired_nanos=_ALL_BUT_THE_REST)
        for first in range(0, len(postings), POSTINGS_AT_MOST):
            post(postings[first : first + POSTINGS_AT_MOST], asked=asked)
        tend_lots(wallet_id)


def give_up_reward(account_id: int, mandate: Mandate, *, amount_nanos: int) -> None:
    """The same for a reward balance, which has no lots."""
    asked = digest("giving up", account_id, amount_nanos)
    with transaction.atomic():
        lock_accounts([account_id])
        if earlier_posting(mandate.key, asked=asked) is not None:
            return
        _require_all(account_id, amount_nanos, kind=AccountKind.REWARD)
        if not amount_nanos:
            return
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


def _require_all(account_id: int, amount_nanos: int, *, kind: AccountKind) -> None:
    """That this is the account's whole balance, and that no call is under way."""
    account = Account.objects.filter(pk=account_id, kind=kind).first()
    if account is None:
        raise errors.UnknownAccount
    calls = Hold.objects.filter(wallet_id=account_id)  # one that holds nothing may still cost something
    if account.available_nanos != amount_nanos or calls.exists():
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
