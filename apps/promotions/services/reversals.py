"""What is undone: a refund takes the same share of a reward back, wherever the reward is by then."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from apps.accounts import services as accounts
from apps.core.money import credits_text
from apps.promotions import campaigns
from apps.promotions.models import Reward, RewardBalance
from apps.promotions.services import balances, counters
from apps.promotions.types import REWARD_REVERSED, RewardStatus, Trigger
from apps.wallet import services as wallet
from apps.wallet.types import Mandate


@dataclass(frozen=True, slots=True)
class Undoing:
    """A reward and its inviter's balance, both locked."""

    reward: Reward
    balance: RewardBalance


def note_purchase_refunded(order_key: str, *, share: tuple[int, int], at: datetime) -> int:
    """Takes back the share of an order's reward that was paid back; returns the nanocredits reversed by this call.

    `share` is what was paid back of the order so far, in all, and what was paid: safe to repeat and to call out of
    order. Rounded down over all refunds together. A reward that was transferred leaves a shortfall, which the next
    rewards make up for; no balance ever falls below zero. Joins the caller's transaction, before that locks accounts of
    the ledger.
    """
    refunded_minor, paid_minor = share
    with transaction.atomic():
        counters.lock_campaigns(Trigger.PURCHASED)
        undoing = _locked(Reward.objects.filter(order_key=order_key), at=at)
        if undoing is None or refunded_minor <= undoing.reward.refunded_minor:
            return 0
        reward = undoing.reward
        reward.refunded_minor = min(refunded_minor, paid_minor, reward.paid_minor)
        reward.save(update_fields=["refunded_minor"])
        target = campaigns.reversed_share(reward.amount_nanos, refunded_minor=refunded_minor, paid_minor=paid_minor)
        wallet.lock_accounts([undoing.balance.account_id])
        return undo(undoing, reversed_nanos=target, reason=f"refund of {order_key}", at=at)


def lock_for_verification(verification_id: int, *, at: datetime) -> Undoing | None:
    return _locked(Reward.objects.filter(verification_id=verification_id), at=at)


def lock_for_operator(reward_id: int, *, at: datetime) -> Undoing | None:
    return _locked(Reward.objects.filter(pk=reward_id), at=at)


def undo_whole(undoing: Undoing, *, reason: str, at: datetime) -> int:
    return undo(undoing, reversed_nanos=undoing.reward.amount_nanos, reason=reason, at=at)


def undo(undoing: Undoing, *, reversed_nanos: int, reason: str, at: datetime) -> int:
    """Brings what is reversed of a reward up to `reversed_nanos`; returns by how much. All rows are locked."""
    reward, balance = undoing.reward, undoing.balance
    delta = reversed_nanos - reward.reversed_nanos
    if delta <= 0:
        return 0
    was_counted, was_released = reward.status != RewardStatus.BLOCKED, reward.released_at is not None
    own = min(delta, reward.left_nanos)
    reward.reversed_nanos += delta
    reward.shortfall_nanos += delta - own
    balances.restate(reward)
    reward.save(update_fields=["reversed_nanos", "shortfall_nanos", "status"])
    if was_counted:
        counters.commit(reward.version.campaign_id, -delta)
    if was_released:
        if own:
            mandate = Mandate(f"reward:{reward.pk}:reversed:{reward.reversed_nanos}", reason, actor=None)
            wallet.take_reward(balance.account_id, mandate, amount_nanos=own)
        balances.add_shortfall(balance, delta - own, cause=reward)
    if was_counted:
        _tell(reward, delta, at=at)
    return delta


def _locked(rewards: QuerySet[Reward], *, at: datetime) -> Undoing | None:
    """The inviter's balance first, then the reward: the order in which everybody locks them."""
    found = rewards.values_list("pk", "inviter_id").first()
    if found is None:
        return None
    reward_id, inviter_id = found
    balance = balances.balance_to_change(inviter_id, at=at)
    rows = Reward.objects.select_for_update(no_key=True, of=("self",)).select_related("version")
    return Undoing(rows.get(pk=reward_id), balance)


def _tell(reward: Reward, amount_nanos: int, *, at: datetime) -> None:
    payload = {"amount": credits_text(amount_nanos), "link": "/console/referrals"}
    key = f"reward-reversed:{reward.pk}:{reward.reversed_nanos}"
    accounts.notify([reward.inviter_id], REWARD_REVERSED, payload=payload, dedupe_key=key, at=at)
