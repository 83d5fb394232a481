"""What operators decide about a reward: hold it, let it go, reverse it. Each with a reason, on record."""

from datetime import datetime

from django.db import transaction

from apps.core.money import credits_text
from apps.journal import services as journal
from apps.journal.types import Act
from apps.promotions import campaigns, errors, queries
from apps.promotions.models import Credit, Reward
from apps.promotions.services import counters, reversals
from apps.promotions.services.reversals import Undoing
from apps.promotions.types import RewardStatus
from apps.wallet import services as wallet


def hold_reward(reward_id: int, *, actor: int, at: datetime, reason: str) -> None:
    """Keeps a pending reward from becoming available until somebody releases it. Raises `RewardNotOpen`."""
    with transaction.atomic():
        reward = _locked(reward_id, at=at).reward
        if reward.status != RewardStatus.PENDING or reward.held_at is not None:
            raise errors.RewardNotOpen
        reward.held_at = at
        reward.save(update_fields=["held_at"])
        _record("reward.held", reward, actor=actor, at=at, reason=reason)


def release_reward(reward_id: int, *, actor: int, at: datetime, reason: str) -> None:
    """Lets a held reward go, or one that was blocked by mistake: the next sweep after its day makes it available.

    What was blocked counts against the caps from now on. Raises `RewardNotOpen`, also for the reward of a verification
    that was revoked meanwhile, `CapReached` when the caps leave nothing of it, and `RewardOwn` for the inviter.
    """
    with transaction.atomic():
        reward = _locked(reward_id, at=at).reward
        if reward.inviter_id == actor:
            raise errors.RewardOwn
        if reward.status == RewardStatus.BLOCKED:
            _unblock(reward)
        elif reward.status != RewardStatus.PENDING or reward.held_at is None:
            raise errors.RewardNotOpen
        reward.held_at = None
        reward.save(update_fields=["held_at", "status", "block_reason", "amount_nanos", "reversed_nanos"])
        _record("reward.released", reward, actor=actor, at=at, reason=reason)


def reverse_reward(reward_id: int, *, actor: int, at: datetime, reason: str) -> None:
    """Takes a whole reward back, wherever it is by then. Raises `RewardNotOpen` for one that is reversed."""
    with transaction.atomic():
        undoing = _locked(reward_id, at=at)
        if undoing.reward.status in {RewardStatus.BLOCKED, RewardStatus.REVERSED}:
            raise errors.RewardNotOpen
        wallet.lock_accounts([undoing.balance.account_id])
        reversals.undo_whole(undoing, reason=reason, at=at)
        _record("reward.reversed", undoing.reward, actor=actor, at=at, reason=reason)


def _unblock(reward: Reward) -> None:
    """What the caps have room for now, less the share of refunds that came meanwhile."""
    if Credit.objects.filter(verification_id=reward.verification_id, taken_back_at__isnull=False).exists():
        raise errors.RewardNotOpen
    version = queries.version_of(reward.version)
    room = counters.room_for(version, referral_id=reward.referral_id, inviter_id=reward.inviter_id, at=reward.earned_at)
    amount = campaigns.within(reward.offered_nanos, room)
    undone = 0
    if reward.paid_minor:
        undone = campaigns.reversed_share(amount, refunded_minor=reward.refunded_minor, paid_minor=reward.paid_minor)
    if amount == undone:
        raise errors.CapReached
    reward.amount_nanos, reward.reversed_nanos = amount, undone
    reward.status, reward.block_reason = RewardStatus.PENDING, ""
    counters.commit(version.campaign_id, amount - undone)


def _locked(reward_id: int, *, at: datetime) -> Undoing:
    """The reward behind the locks of its campaigns and its inviter's balance."""
    trigger = Reward.objects.filter(pk=reward_id).values_list("trigger", flat=True).first()
    if trigger is None:
        raise errors.RewardMissing
    counters.lock_campaigns(trigger)
    undoing = reversals.lock_for_operator(reward_id, at=at)
    if undoing is None:
        raise errors.RewardMissing
    return undoing


def _record(act: str, reward: Reward, *, actor: int, at: datetime, reason: str) -> None:
    details = {"inviter": reward.inviter_id, "credits": credits_text(reward.amount_nanos)}
    entry = Act(act, "reward", reward.public_id, actor_id=actor, reason=reason, details=details)
    journal.record_act(entry, at=at)
