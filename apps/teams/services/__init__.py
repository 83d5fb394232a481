"""Acts on teams, by subject: founding, personal access tokens, access groups. An act joins the caller's transaction."""

from apps.teams.services.access_groups import import_access_groups
from apps.teams.services.budgets import end_member_budget, set_member_budget, set_team_budget
from apps.teams.services.founding import MAIN_GROUP, create_team, lock_team, personal_team_of
from apps.teams.services.personal_tokens import (
    create_personal_access_token,
    note_use,
    revoke_personal_access_token,
    withdraw_personal_access_token,
)

__all__ = [
    "MAIN_GROUP",
    "create_personal_access_token",
    "create_team",
    "end_member_budget",
    "import_access_groups",
    "lock_team",
    "note_use",
    "personal_team_of",
    "revoke_personal_access_token",
    "set_member_budget",
    "set_team_budget",
    "withdraw_personal_access_token",
]
