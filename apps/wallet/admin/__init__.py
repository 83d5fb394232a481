"""The ledger in the back office: read-only, without exception. What staff change, they change by acts with a reason."""

from apps.wallet.admin.accounts import AccountAdmin, HoldAdmin, KeyedPostingAdmin
from apps.wallet.admin.lots import DrawAdmin, DueAdmin, LotAdmin, ReturnAdmin
from apps.wallet.admin.transfers import TransferAdmin

__all__ = [
    "AccountAdmin",
    "DrawAdmin",
    "DueAdmin",
    "HoldAdmin",
    "KeyedPostingAdmin",
    "LotAdmin",
    "ReturnAdmin",
    "TransferAdmin",
]
