"""Which campaigns there are, who invited whom, and what that earned. Writes nothing."""

from apps.promotions.queries.campaigns import (
    TERMS,
    campaign_histories,
    terms_of,
    version_in_force,
    version_of,
    versions_in_force,
)
from apps.promotions.queries.codes import is_code_in_use, usable_code
from apps.promotions.queries.costs import campaign_costs
from apps.promotions.queries.own_data import codes_of, credits_of, invitees_of, rewards_of
from apps.promotions.queries.people import joined_at_of, pending_rewards, reward_account_of
from apps.promotions.queries.referrals import moved_rewards, referral_link_of, referral_page_of, reward_sums_of

__all__ = [
    "TERMS",
    "campaign_costs",
    "campaign_histories",
    "codes_of",
    "credits_of",
    "invitees_of",
    "is_code_in_use",
    "joined_at_of",
    "moved_rewards",
    "pending_rewards",
    "referral_link_of",
    "referral_page_of",
    "reward_account_of",
    "reward_sums_of",
    "rewards_of",
    "terms_of",
    "usable_code",
    "version_in_force",
    "version_of",
    "versions_in_force",
]
