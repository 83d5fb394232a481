"""What promotions ask about a person."""

from datetime import datetime

from django.contrib.auth import get_user_model

from apps.promotions.models import Reward, RewardBalance
from apps.promotions.types import RewardStatus


def pending_rewards(user_id: int) -> int:
    """How many rewards of this inviter wait for their day. Those that an operator holds are not counted: they may
    wait for ever."""
    return Reward.objects.filter(inviter_id=user_id, status=RewardStatus.PENDING, held_at=None).count()


def reward_account_of(user_id: int) -> int | None:
    """The ledger's account of the reward balance; None for somebody who never had one."""
    return RewardBalance.objects.filter(user_id=user_id).values_list("account_id", flat=True).first()


def joined_at_of(user_id: int) -> datetime:
    joined_at: datetime = get_user_model().objects.values_list("joined_at", flat=True).get(pk=user_id)
    return joined_at
