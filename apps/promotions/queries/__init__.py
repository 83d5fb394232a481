"""Which campaigns there are, who invited whom, and what that earned. Writes nothing."""

from apps.promotions.queries.campaigns import campaign_histories, version_in_force, version_of
from apps.promotions.queries.own_data import codes_of, credits_of, invitees_of, rewards_of
from apps.promotions.queries.people import joined_at_of, pending_rewards, reward_account_of

__all__ = [
    "campaign_histories",
    "codes_of",
    "credits_of",
    "invitees_of",
    "joined_at_of",
    "pending_rewards",
    "reward_account_of",
    "rewards_of",
    "version_in_force",
    "version_of",
]
