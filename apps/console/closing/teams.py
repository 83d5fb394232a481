"""Closing a team: whatever could still cost or bring money is asked about under its locks, then all of it ends."""

from datetime import datetime
from typing import Final

from django.db import transaction

from apps.accounts import queries as people
from apps.accounts import services as accounts
from apps.console.closing.reasons import TEAM_QUESTIONS, refuse_while_open
from apps.console.closing.types import TEAM_CLOSED, GivenUp, Leaving
from apps.core.money import credits_text
from apps.journal import services as journal
from apps.journal.types import Act
from apps.marketplace import services as marketplace
from apps.relay import services as relay
from apps.teams import queries as team_queries
from apps.teams import services as teams
from apps.teams.errors import TeamIsPersonal
from apps.teams.types import TeamAccess
from apps.verification import services as verification
from apps.wallet import queries as wallet_queries
from apps.wallet import services as wallet
from apps.wallet.types import Mandate

CLOSED: Final = "team closed"


def close_team(access: TeamAccess, *, given_up: GivenUp, at: datetime) -> None:
    """Ends the team, its tokens, invitations and budgets; what its wallet still has is given up, for ever.

    Locks in this order: the team, its verifications, all accounts of its wallet. So a call that was authorised before
    is seen and refuses the closing, and one after it finds the wallet closed; a transfer of ownership came before, and
    the caller owns nothing, or comes after, and there is no team. Raises `TeamMissing` (also the second time),
    `PermissionMissing`, `TeamIsPersonal`, `StillOpen`, and `BalanceDiffers` where the balance is not what was typed.
    """
    leaving = Leaving(access, at)
    with transaction.atomic(durable=True):
        if teams.lock_team_as(access, "team.close").is_personal:
            raise TeamIsPersonal
        refuse_while_open(TEAM_QUESTIONS, leaving)
        verification.erase_team(access.id, at=at)
        wallet.lock_accounts(wallet_queries.accounts_of(access.wallet_id))
        refuse_while_open(TEAM_QUESTIONS, leaving)
        end_wallet(leaving, given_up.balance_nanos, reason=CLOSED)
        marketplace.forget_alerts_of_team(access.id)
        _tell(access, at=at)
        teams.close_team(access.id, actor=access.user_id, at=at)


def end_wallet(leaving: Leaving, given_up_nanos: int, *, reason: str) -> None:
    """Gives up what the wallet has, ends its API tokens and closes all its accounts, which the caller has locked."""
    team = leaving.team
    mandate = Mandate(f"closing:{team.public_id}", reason, actor=team.user_id)
    wallet.give_up_balance(team.wallet_id, mandate, amount_nanos=given_up_nanos)
    relay.delete_tokens_of(team.id, actor=team.user_id, reason=reason, at=leaving.at)
    for account_id in wallet_queries.accounts_of(team.wallet_id):
        wallet.close_account(account_id)
    if given_up_nanos:
        details = {"credits": credits_text(given_up_nanos)}
        act = Act(
            "balance.given_up",
            "team",
            team.public_id,
            actor_id=team.user_id,
            reason=reason,
            details=details,
            scope=team.public_id,
        )
        journal.record_act(act, at=leaving.at)


def _tell(access: TeamAccess, *, at: datetime) -> None:
    members = [member.user_id for member in team_queries.members_of(access.id)]
    who = people.shown_names([access.user_id])[access.user_id]
    payload = {"team": access.name, "who": who}
    accounts.notify(members, TEAM_CLOSED, payload=payload, dedupe_key=f"team.closed:{access.public_id}", at=at)
