"""Rewards that are due become available: each in a small transaction of its own, under the key `reward:<id>`."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from apps.accounts import services as accounts
from apps.core.money import credits_text
from apps.promotions.models import Reward, RewardBalance
from apps.promotions.services import balances
from apps.promotions.types import REWARD_AVAILABLE, RewardStatus
from apps.teams import queries as teams
from apps.teams.types import TeamAccess
from apps.wallet import services as wallet
from apps.wallet.types import Mandate

AT_MOST = 100


def release_due_rewards(*, at: datetime, at_most: int = AT_MOST) -> int:
    """Makes pending rewards available whose time has come, the longest due first; returns how many.

    Those of an inviter who is suspended, and those an operator holds, wait. Killed halfway, a reward was released or
    not, never half; of two sweeps at once one skips what the other works on; the ledger takes `reward:<id>` once.
    """
    ids = list(_due(at).order_by("due_at", "pk").values_list("pk", "inviter_id")[:at_most])
    return sum(_release(reward_id, inviter_id, at=at) for reward_id, inviter_id in ids)


def _due(at: datetime) -> QuerySet[Reward]:
    return Reward.objects.filter(status=RewardStatus.PENDING, held_at=None, due_at__lte=at, inviter__is_active=True)


def _release(reward_id: int, inviter_id: int, *, at: datetime) -> bool:
    with transaction.atomic():
        balances.open_balance(inviter_id, at=at)
        balance = balances.locked_balance(inviter_id, skip_locked=True)
        rows = _due(at).select_for_update(no_key=True, skip_locked=True, of=("self",)).select_related("version")
        reward = rows.filter(pk=reward_id).first() if balance else None
        if balance is None or reward is None:
            return False
        _make_available(reward, balance, at=at)
    return True


def _make_available(reward: Reward, balance: RewardBalance, *, at: datetime) -> None:
    amount = reward.left_nanos
    team = teams.personal_team_for(reward.inviter_id) if reward.version.auto_transfer else None
    wallet.lock_accounts([balance.account_id] if team is None else [balance.account_id, team.wallet_id])
    why = f"{reward.trigger} by an invitee"
    wallet.add_reward(balance.account_id, Mandate(f"reward:{reward.pk}", why, actor=None), amount_nanos=amount)
    reward.released_at = at
    _make_up_for_shortfall(reward, balance)
    if team is not None:
        _move_at_once(reward, balance, team, at=at)
    balances.restate(reward)
    reward.save(update_fields=["released_at", "status", "set_off_nanos", "moved_nanos"])
    _tell(reward, at=at)


def _tell(reward: Reward, *, at: datetime) -> None:
    """Of what the reward adds; nothing when all of it made up for a refund."""
    added = reward.left_nanos + reward.moved_nanos
    if not added:
        return
    payload = {"amount": credits_text(added), "is_moved": bool(reward.moved_nanos), "link": "/console/referrals"}
    key = f"reward-available:{reward.pk}"
    accounts.notify([reward.inviter_id], REWARD_AVAILABLE, payload=payload, dedupe_key=key, at=at)


def _make_up_for_shortfall(reward: Reward, balance: RewardBalance) -> None:
    set_off = min(balance.shortfall_nanos, reward.left_nanos)
    if not set_off:
        return
    mandate = Mandate(f"reward:{reward.pk}:set-off", "set off against a refund", actor=None)
    wallet.take_reward(balance.account_id, mandate, amount_nanos=set_off)
    reward.set_off_nanos += set_off
    balance.shortfall_nanos -= set_off
    balance.save(update_fields=["shortfall_nanos"])


def _move_at_once(reward: Reward, balance: RewardBalance, team: TeamAccess, *, at: datetime) -> None:
    left = reward.left_nanos
    if left:
        balances.move(balance, team, amount_nanos=left, key=f"reward:{reward.uid}", at=at)
        reward.moved_nanos += left
