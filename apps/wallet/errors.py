"""What can go wrong in the ledger.

SluiceError
└── WalletError
    ├── InsufficientFunds      the account does not have the amount
    ├── AccountClosed          the account takes no new holds
    ├── UnknownAccount         no such account
    ├── HoldRefused            a limit of concurrency, requests or tokens said no
    ├── HoldGone               no such open hold
    ├── AmountTooLarge         more than an account can count
    ├── IdempotencyConflict    the key was used for something else
    ├── ApprovalNeeded         more than one person may decide; `details["act"]` is what to ask for
    ├── LotEnded               credits that could never be spent
    ├── NotRefundable          nothing was paid for this lot, or it has no refund right
    ├── RefundClosed           the time to pay this lot back is over
    ├── RefundTooLarge         more than the charge, less what was refunded before
    ├── NotReversible          there is no opposite of this entry
    ├── UnknownTransfer        no such transfer
    ├── UnknownLot             no such lot
    ├── BalanceDiffers         what was to be given up is not what is there, or calls hold part of it
    ├── StandardQuotaGone      (Invalid) a quota type that no longer exists; `field` names where it stood
    ├── LedgerBusy             too many calls wait; try again
    ├── LedgerUnavailable      the database did not answer in time
    └── LedgerFault            the database refused this one entry; a defect, not the caller's doing
"""

from django.utils.translation import gettext_lazy as _

from apps.core.errors import Invalid, SluiceError


class WalletError(SluiceError):
    code = "wallet_error"


class InsufficientFunds(WalletError):
    code = "insufficient_funds"
    text = _("There is not enough available credit.")


class UnknownAccount(WalletError):
    code = "unknown_account"
    text = _("There is no such account.")


class HoldGone(WalletError):
    code = "hold_gone"
    text = _("This call is already settled.")


class AmountTooLarge(WalletError):
    code = "amount_too_large"
    text = _("That is more than an account can hold.")


class IdempotencyConflict(WalletError):
    code = "idempotency_conflict"
    text = _("This key was already used for something else.")


class ApprovalNeeded(WalletError):
    code = "approval_needed"
    text = _("This is more than one person may decide. A second person has to approve it.")


class LotEnded(WalletError):
    code = "lot_ended"
    text = _("These credits would have ended before they could be spent.")


class NotRefundable(WalletError):
    code = "not_refundable"
    text = _("These credits cannot be paid back.")


class RefundClosed(WalletError):
    code = "refund_closed"
    text = _("The time in which these credits could be paid back is over.")


class RefundTooLarge(WalletError):
    code = "refund_too_large"
    text = _("That is more than what is left of the charge.")


class NotReversible(WalletError):
    code = "not_reversible"
    text = _("This entry cannot be reversed. Correct it by an adjustment.")


class UnknownTransfer(WalletError):
    code = "unknown_transfer"
    text = _("There is no such transfer.")


class UnknownLot(WalletError):
    code = "unknown_lot"
    text = _("There is no such lot.")


class BalanceDiffers(WalletError):
    code = "balance_differs"
    text = _("The balance has changed in the meantime, or calls still hold a part of it. Look again.")


class StandardQuotaGone(Invalid, WalletError):
    code = "standard_quota_gone"
    text = _("The standard quota type no longer exists. There is one balance, and all credits count in it.")


class LedgerBusy(WalletError):
    code = "ledger_busy"
    text = _("Too many calls are waiting. Try again in a moment.")


class LedgerUnavailable(WalletError):
    code = "ledger_unavailable"
    text = _("The ledger did not answer in time. Try again in a moment.")


class LedgerFault(WalletError):
    code = "ledger_fault"
    text = _("The ledger could not record this call.")
