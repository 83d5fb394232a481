"""Campaigns and their versions; who invited whom; what somebody got, and what is promised for invitations."""

from apps.promotions.models.campaigns import Campaign, CampaignVersion
from apps.promotions.models.credits import Credit, Mark
from apps.promotions.models.referrals import Referral, ReferralCode
from apps.promotions.models.rewards import Reward, RewardBalance, RewardTransfer

__all__ = [
    "Campaign",
    "CampaignVersion",
    "Credit",
    "Mark",
    "Referral",
    "ReferralCode",
    "Reward",
    "RewardBalance",
    "RewardTransfer",
]
