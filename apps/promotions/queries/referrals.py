"""What an inviter sees: code, link, sums, and each invitee with what they earned, masked."""

from typing import Final

from django.conf import settings
from django.db.models import F, Prefetch, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from apps.core.ids import parse_public_id
from apps.core.pagination import Cursor, Page, keyset_page
from apps.promotions import campaigns
from apps.promotions.models import Referral, ReferralCode, Reward, RewardTransfer
from apps.promotions.types import (
    BlockReason,
    EarnedReward,
    Invitee,
    MovedRewards,
    ReferralLink,
    ReferralPage,
    RewardStatus,
    RewardSums,
)

PAGE: Final = 20


def referral_page_of(user_id: int, *, cursor: Cursor | None = None, size: int = PAGE) -> ReferralPage:
    """Everything about a person's invitations. Five queries, however many there are."""
    share = referral_link_of(user_id)
    return ReferralPage(share.code, share.link, reward_sums_of(user_id), _invitees_of(user_id, cursor, size))


def referral_link_of(user_id: int) -> ReferralLink:
    """The code in use and the link with it; both empty for somebody who never needed one."""
    code = ReferralCode.objects.filter(user_id=user_id, retired_at=None).values_list("code", flat=True).first()
    return ReferralLink(code, f"{settings.PUBLIC_URL}/accounts/signup/?ref={code}") if code else ReferralLink("", "")


def reward_sums_of(user_id: int) -> RewardSums:
    """What is promised, what the reward balance has, what was moved. The balance is the sum of its rewards, always."""
    rewards = Reward.objects.filter(inviter_id=user_id)
    pending = _sum(F("amount_nanos") - F("reversed_nanos"), Q(status=RewardStatus.PENDING))
    gone = F("moved_nanos") + F("set_off_nanos") + F("given_up_nanos")
    left = F("amount_nanos") - F("reversed_nanos") + F("shortfall_nanos") - gone
    sums = rewards.aggregate(
        pending_nanos=pending,
        available_nanos=_sum(left, Q(status=RewardStatus.AVAILABLE)),
        transferred_nanos=_sum(F("moved_nanos"), Q()),
        shortfall_nanos=_sum(F("shortfall_nanos") - F("set_off_nanos"), Q()),
    )
    return RewardSums(**sums)


def moved_rewards(user_id: int, public_id: str) -> MovedRewards | None:
    """One transfer of this person, by its public id."""
    uid = parse_public_id("rtr", public_id)
    mine = RewardTransfer.objects.filter(balance__user_id=user_id).select_related("team")
    row = None if uid is None else mine.filter(uid=uid).first()
    return None if row is None else MovedRewards(row.public_id, row.team.public_id, row.amount_nanos, row.at)


def _sum(what: object, condition: Q) -> Coalesce:
    return Coalesce(Sum(what, filter=condition), Value(0))


def _invitees_of(user_id: int, cursor: Cursor | None, size: int) -> Page[Invitee]:
    rewards = Prefetch("rewards", Reward.objects.order_by("pk"))
    rows: QuerySet[Referral] = (
        Referral.objects.filter(inviter_id=user_id).select_related("invitee").prefetch_related(rewards)
    )
    return keyset_page(rows, key="id", cursor=cursor, size=size).map(_invitee)


def _invitee(row: Referral) -> Invitee:
    rewards = tuple(map(_earned, row.rewards.all()))
    return Invitee(row.public_id, campaigns.masked(row.invitee.email), row.bound_at, rewards)


def _earned(row: Reward) -> EarnedReward:
    return EarnedReward(
        trigger=row.trigger,
        status=row.status,
        amount_nanos=row.amount_nanos - row.reversed_nanos,
        reversed_nanos=row.reversed_nanos,
        earned_at=row.earned_at,
        due_at=row.due_at,
        is_capped=row.block_reason == BlockReason.CAPPED,
    )
