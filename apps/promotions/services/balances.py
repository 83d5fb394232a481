"""The reward balance of an inviter: what becomes available, what moves to a wallet, what makes up for a shortfall.

Locks in this order: the team, campaigns, the balance's row, rewards, the ledger's accounts. No act locks both a team
and campaigns, and none locks a reward without its inviter's balance: so rewards may also come after the accounts.
"""

from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.core.money import credits_text, nanos_from_text
from apps.journal import services as journal
from apps.journal.types import Act
from apps.promotions import campaigns, errors
from apps.promotions.models import Reward, RewardBalance, RewardTransfer
from apps.promotions.types import MovedRewards, RewardStatus
from apps.teams import services as teams
from apps.teams.errors import PermissionMissing
from apps.teams.types import TeamAccess
from apps.wallet import queries as wallet_queries
from apps.wallet import services as wallet
from apps.wallet.types import Mandate


def open_balance(user_id: int, *, at: datetime) -> None:
    """Opens the person's reward balance if there is none. Of two at once one stays, by a unique index."""
    if RewardBalance.objects.filter(user_id=user_id).exists():
        return
    try:
        with transaction.atomic():
            account_id = wallet.open_reward_balance(f"rewards of user {user_id}")
            RewardBalance.objects.create(user_id=user_id, account_id=account_id, opened_at=at)
    except IntegrityError:
        return


def locked_balance(user_id: int, *, skip_locked: bool = False) -> RewardBalance | None:
    """The person's balance, locked until the transaction ends; None where there is none, or where it is to be skipped
    because somebody else works on it.
    """
    rows = RewardBalance.objects.select_for_update(no_key=True, skip_locked=skip_locked)
    return rows.filter(user_id=user_id).first()


def balance_to_change(user_id: int, *, at: datetime) -> RewardBalance:
    """The person's balance, opened if there was none, and locked: whoever changes a reward comes by here first. A look
    that finds no balance would not see one that is being opened, and what is released into it.
    """
    open_balance(user_id, at=at)
    return RewardBalance.objects.select_for_update(no_key=True).get(user_id=user_id)


def lock_reward_balance(user_id: int) -> int | None:
    """For whoever composes acts on it: locks the balance's row and returns its account; None where there is none."""
    balance = locked_balance(user_id)
    return None if balance is None else balance.account_id


def transfer_rewards(team: TeamAccess, *, amount_nanos: int, key: str, at: datetime) -> MovedRewards:
    """Moves available rewards of `team.user_id` to the team's wallet: both sides or neither, under a lock.

    The same key again returns the first result. Of two that are more than the balance together the second raises
    `RewardsTooLow`. Raises `TeamMissing` for a team that was closed or left meanwhile, `PermissionMissing`,
    `RewardTooSmall`, `TransferKeyReused`.
    """
    _check_terms(team, amount_nanos)
    with transaction.atomic():
        teams.lock_team_as(team, "wallet.change")
        balance = locked_balance(team.user_id)
        if balance is None:
            raise errors.RewardsTooLow
        known = RewardTransfer.objects.filter(balance=balance, key=key).first()
        if known is not None:
            return _same(known, team, amount_nanos)
        if wallet_queries.balance_of(balance.account_id).available_nanos < amount_nanos:
            raise errors.RewardsTooLow
        _take_from_rewards(balance, amount_nanos, field="moved_nanos")
        wallet.lock_accounts([balance.account_id, team.wallet_id])
        return move(balance, team, amount_nanos=amount_nanos, key=key, at=at)


def check_transfer(team: TeamAccess, *, amount_nanos: int) -> None:
    """Raises what `transfer_rewards` would raise now: for a page that asks before it acts."""
    _check_terms(team, amount_nanos)
    balance = RewardBalance.objects.filter(user_id=team.user_id).first()
    if balance is None or wallet_queries.balance_of(balance.account_id).available_nanos < amount_nanos:
        raise errors.RewardsTooLow


def move(balance: RewardBalance, team: TeamAccess, *, amount_nanos: int, key: str, at: datetime) -> MovedRewards:
    """Posts a transfer to a wallet and records it. The balance and both accounts are locked."""
    row = RewardTransfer(balance=balance, team_id=team.id, amount_nanos=amount_nanos, key=key, at=at)
    mandate = Mandate(f"reward-transfer:{row.uid}", "referral rewards", actor=None)
    row.lot_id = wallet.move_reward(balance.account_id, mandate, wallet_id=team.wallet_id, amount_nanos=amount_nanos)
    row.save(force_insert=True)
    act = Act(
        "reward.transferred",
        "reward_transfer",
        row.public_id,
        actor_id=team.user_id,
        details={"credits": credits_text(amount_nanos)},
        scope=team.public_id,
    )
    journal.record_act(act, at=at)
    return _moved(row, team)


def give_up_rewards(user_id: int, mandate: Mandate, *, amount_nanos: int) -> None:
    """Ends a reward balance for good: for whoever closes the account. `amount_nanos` is what its owner typed.

    What was reversed after it had been moved cannot be made up for any more: an operator hears of it. Safe to repeat by
    key. Raises `BalanceDiffers` of the wallet when another amount is there.
    """
    with transaction.atomic():
        balance = locked_balance(user_id)
        if balance is None:
            return
        if balance.shortfall_nanos:
            details = {"user": user_id, "credits": credits_text(balance.shortfall_nanos)}
            journal.raise_alert("reward-shortfall-left", dedupe_key=f"reward-shortfall-left:{user_id}", details=details)
        wallet.give_up_reward(balance.account_id, mandate, amount_nanos=amount_nanos)
        booked = sum(reward.left_nanos for reward in _available(balance))
        gone = booked - wallet_queries.balance_of(balance.account_id).balance_nanos
        _take_from_rewards(balance, gone, field="given_up_nanos")


def add_shortfall(balance: RewardBalance, amount_nanos: int, *, cause: Reward) -> None:
    """Notes what was reversed after it had left, and takes what the balance still has for it. All is locked."""
    if not amount_nanos:
        return
    available = sum(reward.left_nanos for reward in _available(balance))
    set_off = min(available, balance.shortfall_nanos + amount_nanos)
    if set_off:
        _take_from_rewards(balance, set_off, field="set_off_nanos")
        mandate = Mandate(f"reward:{cause.pk}:set-off:{cause.reversed_nanos}", "set off against a refund", actor=None)
        wallet.take_reward(balance.account_id, mandate, amount_nanos=set_off)
    balance.shortfall_nanos += amount_nanos - set_off
    balance.save(update_fields=["shortfall_nanos"])


def restate(reward: Reward) -> None:
    """The status that follows from the parts of a reward."""
    if reward.status == RewardStatus.BLOCKED:
        return
    if reward.reversed_nanos == reward.amount_nanos:
        reward.status = RewardStatus.REVERSED
    elif reward.released_at is not None:
        reward.status = RewardStatus.AVAILABLE if reward.left_nanos else RewardStatus.TRANSFERRED


def least_to_transfer() -> int:
    return nanos_from_text(settings.REWARD_TRANSFER_MIN_CREDITS)


def _take_from_rewards(balance: RewardBalance, amount_nanos: int, *, field: str) -> None:
    """Books what leaves the balance on its rewards, the one that came first first."""
    rewards = _available(balance)
    parts = campaigns.taken_in_order([reward.left_nanos for reward in rewards], amount_nanos)
    changed = [(reward, part) for reward, part in zip(rewards, parts, strict=True) if part]
    for reward, part in changed:
        setattr(reward, field, getattr(reward, field) + part)
        restate(reward)
    Reward.objects.bulk_update([reward for reward, _part in changed], [field, "status"], batch_size=500)


def _check_terms(team: TeamAccess, amount_nanos: int) -> None:
    if not team.may("wallet.change"):
        raise PermissionMissing
    if amount_nanos < least_to_transfer():
        least = credits_text(least_to_transfer())
        raise errors.RewardTooSmall(_("Transfer at least %(least)s credits.") % {"least": least}, least=least)


def _same(known: RewardTransfer, team: TeamAccess, amount_nanos: int) -> MovedRewards:
    if (known.team_id, known.amount_nanos) != (team.id, amount_nanos):
        raise errors.TransferKeyReused
    return _moved(known, team)


def _moved(row: RewardTransfer, team: TeamAccess) -> MovedRewards:
    return MovedRewards(row.public_id, team.public_id, row.amount_nanos, row.at)


def _available(balance: RewardBalance) -> list[Reward]:
    rows = Reward.objects.select_for_update(no_key=True).filter(status=RewardStatus.AVAILABLE)
    return list(rows.filter(inviter_id=balance.user_id).order_by("released_at", "pk"))
