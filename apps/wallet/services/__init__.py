"""The ledger's acts. Callers pass ids and amounts; every act is safe to repeat.

An act joins the caller's transaction. A use case that needs several calls `lock_accounts` once, first, with all ids.
"""

from apps.wallet.services.accounts import (
    close_account,
    label_account,
    lock_accounts,
    open_limit,
    open_wallet,
    reopen_account,
    set_free_only,
    set_limit,
    tend_accounts,
    tend_due,
)
from apps.wallet.services.calls import (
    EXPIRE_AT_MOST,
    authorise,
    charge_late,
    drop_echoes,
    expire_holds,
    extend_hold,
    hand_over_hold,
    settle_hold,
    void_hold,
)
from apps.wallet.services.checks import (
    check_ledger,
    complete_until,
    ledger_violations,
    ledger_warnings,
    note_checked,
)
from apps.wallet.services.corrections import debit_adjustment, refund_charge, reverse_transfer
from apps.wallet.services.dues import cancel_due, open_due
from apps.wallet.services.entries import post_transfer, post_transfers
from apps.wallet.services.leavings import give_up_balance, give_up_reward
from apps.wallet.services.lots import grant_lot, refund_lot, withdraw_lot
from apps.wallet.services.owners import (
    LEASE,
    NET_LEASE,
    end_owner,
    forget_owners,
    heartbeat,
    net_was_awake,
    register_owner,
)
from apps.wallet.services.rewards import add_reward, move_reward, open_reward_balance, take_reward
from apps.wallet.services.staff import cancel_due_by_staff, set_free_only_by_staff, set_limit_by_staff

__all__ = [
    "EXPIRE_AT_MOST",
    "LEASE",
    "NET_LEASE",
    "add_reward",
    "authorise",
    "cancel_due",
    "cancel_due_by_staff",
    "charge_late",
    "check_ledger",
    "close_account",
    "complete_until",
    "debit_adjustment",
    "drop_echoes",
    "end_owner",
    "expire_holds",
    "extend_hold",
    "forget_owners",
    "give_up_balance",
    "give_up_reward",
    "grant_lot",
    "hand_over_hold",
    "heartbeat",
    "label_account",
    "ledger_violations",
    "ledger_warnings",
    "lock_accounts",
    "move_reward",
    "net_was_awake",
    "note_checked",
    "open_due",
    "open_limit",
    "open_reward_balance",
    "open_wallet",
    "post_transfer",
    "post_transfers",
    "refund_charge",
    "refund_lot",
    "register_owner",
    "reopen_account",
    "reverse_transfer",
    "set_free_only",
    "set_free_only_by_staff",
    "set_limit",
    "set_limit_by_staff",
    "settle_hold",
    "take_reward",
    "tend_accounts",
    "tend_due",
    "void_hold",
    "withdraw_lot",
]
