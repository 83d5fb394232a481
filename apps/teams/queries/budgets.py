"""Which accounts of the ledger bound a team and its members, and what these stand at."""

from collections.abc import Collection

from apps.teams.models import Membership, Team
from apps.teams.types import TeamBudgets
from apps.wallet import queries as wallet


def team_budget_account(team_id: int) -> int | None:
    """The account of the team's budget; None while it never had one."""
    return Team.objects.filter(pk=team_id).values_list("budget_id", flat=True).first()


def member_budget_accounts(members: Collection[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Accounts by (team, user), of those who are members now and have had a budget. One query for any number."""
    if not members:
        return {}
    rows = Membership.objects.filter(
        team_id__in={team_id for team_id, _ in members},
        user_id__in={user_id for _, user_id in members},
        budget__isnull=False,
    )
    found = {(team_id, user_id): account for team_id, user_id, account in rows.values_list("team", "user", "budget")}
    return {member: found[member] for member in members if member in found}


def budget_accounts_of(user_id: int) -> list[int]:
    """The accounts of every budget of somebody who is a member, also where the team is closed. One query."""
    rows = Membership.objects.filter(user_id=user_id, budget__isnull=False)
    return [account for account in rows.values_list("budget_id", flat=True) if account is not None]


def members_behind(account_ids: Collection[int]) -> dict[int, int]:
    """By account of a member's budget: the member, of those who are in an open team now. One query."""
    rows = Membership.objects.filter(budget_id__in=account_ids, team__closed_at=None)
    return {account: user_id for account, user_id in rows.values_list("budget_id", "user_id") if account is not None}


def budgets_of(team_id: int) -> TeamBudgets:
    """The team's budget and those of its members, lifted ones too. Three queries."""
    of_team = team_budget_account(team_id)
    rows = Membership.objects.filter(team_id=team_id, budget__isnull=False)
    of_members = {user_id: account for user_id, account in rows.values_list("user", "budget") if account is not None}
    accounts = [*of_members.values(), *([] if of_team is None else [of_team])]
    return TeamBudgets(of_team, of_members, wallet.limit_use(accounts))
