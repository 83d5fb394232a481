"""Whose team is it, who is in it, and what it may reach. Writes nothing."""

from apps.teams.queries.access_groups import (
    LIMITS,
    access_group_codes,
    access_group_ids,
    access_group_terms,
    export_access_groups,
    group_row,
    group_terms,
    team_reaches,
)
from apps.teams.queries.budgets import member_budget_accounts, team_budget_account
from apps.teams.queries.people import people_to_tell
from apps.teams.queries.personal_tokens import (
    TOKEN_PREFIX,
    caller_by_secret,
    ended_tokens_of,
    live_token_count,
    live_tokens_of,
    token_entries,
    token_entry,
    token_of,
)
from apps.teams.queries.reach import (
    personal_team_for,
    personal_teams_of,
    team_by_public_id,
    team_for,
    teams_by_public_id,
    teams_of,
)
from apps.teams.queries.staff import bound_team_ids, bound_team_names

__all__ = [
    "LIMITS",
    "TOKEN_PREFIX",
    "access_group_codes",
    "access_group_ids",
    "access_group_terms",
    "bound_team_ids",
    "bound_team_names",
    "caller_by_secret",
    "ended_tokens_of",
    "export_access_groups",
    "group_row",
    "group_terms",
    "live_token_count",
    "live_tokens_of",
    "member_budget_accounts",
    "people_to_tell",
    "personal_team_for",
    "personal_teams_of",
    "team_budget_account",
    "team_by_public_id",
    "team_for",
    "team_reaches",
    "teams_by_public_id",
    "teams_of",
    "token_entries",
    "token_entry",
    "token_of",
]
