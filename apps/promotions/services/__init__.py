"""The acts of promotions. Each joins the caller's transaction and is safe to repeat."""

from apps.promotions.services.balances import (
    check_transfer,
    give_up_rewards,
    least_to_transfer,
    lock_reward_balance,
    transfer_rewards,
)
from apps.promotions.services.books import check_books
from apps.promotions.services.codes import add_inviter, bind_invitee, referral_code_of, rotate_referral_code
from apps.promotions.services.credits import credit_verification, note_registered, take_back_verification
from apps.promotions.services.deciding import hold_reward, release_reward, reverse_reward
from apps.promotions.services.earning import note_purchase
from apps.promotions.services.publishing import end_version, publish_version
from apps.promotions.services.releasing import AT_MOST, release_due_rewards
from apps.promotions.services.reversals import note_purchase_refunded

__all__ = [
    "AT_MOST",
    "add_inviter",
    "bind_invitee",
    "check_books",
    "check_transfer",
    "credit_verification",
    "end_version",
    "give_up_rewards",
    "hold_reward",
    "least_to_transfer",
    "lock_reward_balance",
    "note_purchase",
    "note_purchase_refunded",
    "note_registered",
    "publish_version",
    "referral_code_of",
    "release_due_rewards",
    "release_reward",
    "reverse_reward",
    "rotate_referral_code",
    "take_back_verification",
    "transfer_rewards",
]
