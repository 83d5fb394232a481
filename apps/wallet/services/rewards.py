"""The reward balance: credits that a person earned. Calls never draw on it; moved to a wallet, they become a lot."""

from uuid import UUID

from django.db import transaction

from apps.wallet import errors
from apps.wallet.models import Account, AccountKind, LotSource, TransferKind
from apps.wallet.services.accounts import lock_accounts, open_wallet
from apps.wallet.services.entries import post_transfer
from apps.wallet.services.lots import grant_lot
from apps.wallet.types import House, Mandate, Posting


def open_reward_balance(label: str) -> int:
    """A new, empty reward balance; returns its account id."""
    return open_wallet(label, kind=AccountKind.REWARD)


def add_reward(account_id: int, mandate: Mandate, *, amount_nanos: int) -> UUID:
    """Credits a reward balance. Safe to repeat by key. Raises `UnknownAccount` for what is no reward balance."""
    _require_reward_balance(account_id)
    return post_transfer(
        _posting(account_id, mandate, kind=TransferKind.REWARD, amount_nanos=amount_nanos, is_coming=True)
    )


def take_reward(account_id: int, mandate: Mandate, *, amount_nanos: int) -> UUID:
    """Takes credits out of a reward balance: those that a refund undid, or those that move elsewhere.

    Safe to repeat by key. Raises `InsufficientFunds` when they are not there.
    """
    _require_reward_balance(account_id)
    return post_transfer(
        _posting(account_id, mandate, kind=TransferKind.REWARD_LEFT, amount_nanos=amount_nanos, is_coming=False)
    )


def move_reward(account_id: int, mandate: Mandate, *, wallet_id: int, amount_nanos: int) -> UUID:
    """Moves credits from a reward balance to a wallet, where they are a lot of their own; returns the lot's id.

    Both sides or neither; each side's transfer names one wallet only. Safe to repeat by key. Raises
    `InsufficientFunds`: of two moves that are more than the balance together, the second finds too little.
    """
    with transaction.atomic():
        lock_accounts([account_id, wallet_id])
        take_reward(account_id, Mandate(f"{mandate.key}:out", mandate.reason, mandate.actor), amount_nanos=amount_nanos)
        into = Mandate(f"{mandate.key}:in", mandate.reason, actor=None)
        return grant_lot(wallet_id, into, amount_nanos=amount_nanos, source=LotSource.REFERRAL)


def _posting(account_id: int, mandate: Mandate, *, kind: TransferKind, amount_nanos: int, is_coming: bool) -> Posting:
    return Posting(
        key=mandate.key,
        kind=kind,
        debit_account=House.FUNDING if is_coming else account_id,
        credit_account=account_id if is_coming else House.FUNDING,
        amount_nanos=amount_nanos,
        wallet_id=account_id,
        reason=mandate.reason,
        actor=mandate.actor,
    )


def _require_reward_balance(account_id: int) -> None:
    if not Account.objects.filter(pk=account_id, kind=AccountKind.REWARD).exists():
        raise errors.UnknownAccount
