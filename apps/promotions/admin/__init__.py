"""Promotions in the back office: rows are read, acts with a reason change them."""

from apps.promotions.admin.campaigns import CampaignAdmin, CampaignVersionAdmin
from apps.promotions.admin.people import CreditAdmin, ReferralAdmin, ReferralCodeAdmin
from apps.promotions.admin.rewards import RewardAdmin, RewardBalanceAdmin, RewardTransferAdmin

__all__ = [
    "CampaignAdmin",
    "CampaignVersionAdmin",
    "CreditAdmin",
    "ReferralAdmin",
    "ReferralCodeAdmin",
    "RewardAdmin",
    "RewardBalanceAdmin",
    "RewardTransferAdmin",
]
