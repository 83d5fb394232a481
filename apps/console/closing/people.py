"""Closing a person's account: the personal team by the rules of any team, every membership, every way in, the name."""

from datetime import datetime
from typing import Final

from django.db import transaction

from apps.accounts import services as accounts
from apps.accounts.types import ACCOUNT_CLOSED
from apps.console import departures
from apps.console.closing.reasons import PERSON_QUESTIONS, refuse_while_open
from apps.console.closing.teams import end_wallet
from apps.console.closing.types import GivenUp, Leaving
from apps.core.errors import Conflict
from apps.journal import services as journal
from apps.journal.types import Act
from apps.marketplace import services as marketplace
from apps.promotions import services as promotions
from apps.teams import queries as team_queries
from apps.teams import services as teams
from apps.teams.types import TeamAccess
from apps.verification import services as verification
from apps.wallet import queries as wallet_queries
from apps.wallet import services as wallet
from apps.wallet.errors import BalanceDiffers
from apps.wallet.types import Mandate

CLOSED: Final = "account closed"
LABEL: Final = "Closed account"
"""What stands in the audit trail, and on accounts of the ledger, in place of a name: in one language, as all there."""


def close_account(user_id: int, *, given_up: GivenUp, at: datetime) -> None:
    """Ends the account for good; the address may sign up again, as somebody new. The mail about it goes there first.

    Locks in this order: the person's teams, the person, their verifications, the reward balance, then all accounts of
    the ledger that close. Killed before the end nothing has happened; killed after it, a sweep forgets the address.
    Raises `AccountClosed` (also the second time), `StaffCannotLeave`, `StillOpen`, `BalanceDiffers` where a balance is
    not what was typed.
    """
    with transaction.atomic(durable=True):
        open_teams = teams.lock_teams_of(user_id)
        user = accounts.lock_user(user_id)
        personal, others = _split(open_teams)
        leaving = Leaving(personal, at)
        refuse_while_open(PERSON_QUESTIONS, leaving)
        verification.erase_person(user_id, at=at)
        reward_account = promotions.lock_reward_balance(user_id)
        budgets = team_queries.budget_accounts_of(user_id)
        wallet.lock_accounts([*_accounts_of(leaving, others, reward_account), *budgets])
        refuse_while_open(PERSON_QUESTIONS, leaving)
        accounts.notify([user_id], ACCOUNT_CLOSED, payload={}, dedupe_key=ACCOUNT_CLOSED.code, at=at)
        for team in others:
            departures.leave_team(team, at=at)
        _end_rewards(leaving, given_up.reward_nanos, account_id=reward_account)
        end_wallet(leaving, given_up.balance_nanos, reason=CLOSED)
        for account_id in (personal.wallet_id, *budgets):
            wallet.label_account(account_id, label=f"{LABEL} {user_id}")
        _forget(leaving, others, address=user.email, name=user.name)
    accounts.forget_addresses()


def _split(all_teams: list[TeamAccess]) -> tuple[TeamAccess, list[TeamAccess]]:
    personal = next((team for team in all_teams if team.is_personal), None)
    if personal is None:
        raise Conflict
    return personal, [team for team in all_teams if not team.is_personal]


def _accounts_of(leaving: Leaving, others: list[TeamAccess], reward_account: int | None) -> list[int]:
    elsewhere = departures.accounts_left_by([team.id for team in others], leaving.user_id)
    own = wallet_queries.accounts_of(leaving.team.wallet_id)
    return [*own, *elsewhere, *([] if reward_account is None else [reward_account])]


def _end_rewards(leaving: Leaving, given_up_nanos: int, *, account_id: int | None) -> None:
    if account_id is None:
        if given_up_nanos:
            raise BalanceDiffers
        return
    mandate = Mandate(f"closing-rewards:{leaving.user_id}", CLOSED, actor=leaving.user_id)
    promotions.give_up_rewards(leaving.user_id, mandate, amount_nanos=given_up_nanos)
    wallet.close_account(account_id)


def _forget(leaving: Leaving, others: list[TeamAccess], *, address: str, name: str) -> None:
    """The person's row first: a personal team closes only with its person. Price alerts before that: they are found by
    the addresses, which go with the row.
    """
    user_id, personal, at = leaving.user_id, leaving.team, leaving.at
    journal.record_act(Act("account.closed", "user", str(user_id), actor_id=user_id), at=at)
    marketplace.forget_alerts_of_person(user_id)
    marketplace.forget_alerts_of_team(personal.id)
    accounts.drop_exports(user_id, at=at)
    accounts.close_user(user_id, at=at)
    teams.close_team(personal.id, actor=user_id, at=at)
    asked = teams.forget_invitee(user_id, address=address, at=at)
    scopes = {personal.public_id, *(team.public_id for team in others), *asked}
    journal.replace_name(user_id, address=address, name=name, label=LABEL, scopes=scopes)
