"""Somebody goes, and the API tokens and webhooks that they made in the team stop: several floors, one transaction.

Which tokens those are is decided under the team's lock, where whoever creates one waits.
"""

from datetime import datetime
from typing import Final

from django.db import transaction

from apps.journal import services as journal
from apps.relay import queries as relay_queries
from apps.relay import services as relay
from apps.teams import queries as team_queries
from apps.teams import services as teams
from apps.teams.types import TeamAccess
from apps.wallet import services as wallet

LEFT: Final = "its creator left the team"
REMOVED: Final = "its creator was removed from the team"


def leave_team(access: TeamAccess, *, at: datetime) -> int:
    """Ends the own membership; returns how many API tokens stopped. Raises what `teams.leave_team` raises."""
    with transaction.atomic():
        _lock(access, access.user_id)
        teams.leave_team(access, at=at)
        journal.stop_endpoints_of_maker(access.public_id, access.user_id, actor=access.user_id, reason=LEFT, at=at)
        return relay.disable_tokens_of(access.id, creator_id=access.user_id, actor=access.user_id, reason=LEFT, at=at)


def remove_member(access: TeamAccess, user_id: int, *, at: datetime) -> int:
    """The same for somebody else's membership. Raises what `teams.remove_member` raises."""
    with transaction.atomic():
        _lock(access, user_id)
        teams.remove_member(access, user_id, at=at)
        journal.stop_endpoints_of_maker(access.public_id, user_id, actor=access.user_id, reason=REMOVED, at=at)
        return relay.disable_tokens_of(access.id, creator_id=user_id, actor=access.user_id, reason=REMOVED, at=at)


def accounts_left_by(team_ids: list[int], user_id: int) -> list[int]:
    """The ledger accounts that close or stop when this person leaves these teams, whose rows are locked."""
    budgets = team_queries.member_budget_accounts([(team_id, user_id) for team_id in team_ids])
    return [*relay_queries.accounts_of_creator(team_ids, user_id), *budgets.values()]


def _lock(access: TeamAccess, user_id: int) -> None:
    teams.lock_team(access.id)
    wallet.lock_accounts(accounts_left_by([access.id], user_id))
