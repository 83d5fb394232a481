"""Acts on teams, by subject: founding, members, invitations, closing, personal access tokens, access groups.

An act joins the caller's transaction. Those that change a team lock its row first, then ask again who may.
"""

from apps.teams.services.access_grants import check_grant_end, end_access_grant, grant_access_group
from apps.teams.services.access_groups import (
    import_access_groups,
    lock_multiplier,
    set_multiplier,
    wanted_multipliers,
)
from apps.teams.services.authority import lock_team, lock_team_as, lock_teams_of
from apps.teams.services.budgets import budgets_now, end_member_budget, set_member_budget, set_team_budget
from apps.teams.services.closing import close_team, forget_invitee
from apps.teams.services.founding import create_team, personal_team_of, rename_team
from apps.teams.services.invitations import (
    accept_invitation,
    decline_invitation,
    invite,
    resend_invitation,
    withdraw_invitation,
)
from apps.teams.services.members import change_role, leave_team, remove_member, transfer_ownership
from apps.teams.services.personal_tokens import (
    create_personal_access_token,
    note_use,
    revoke_personal_access_token,
    withdraw_personal_access_token,
)

__all__ = [
    "accept_invitation",
    "budgets_now",
    "change_role",
    "check_grant_end",
    "close_team",
    "create_personal_access_token",
    "create_team",
    "decline_invitation",
    "end_access_grant",
    "end_member_budget",
    "forget_invitee",
    "grant_access_group",
    "import_access_groups",
    "invite",
    "leave_team",
    "lock_multiplier",
    "lock_team",
    "lock_team_as",
    "lock_teams_of",
    "note_use",
    "personal_team_of",
    "remove_member",
    "rename_team",
    "resend_invitation",
    "revoke_personal_access_token",
    "set_member_budget",
    "set_multiplier",
    "set_team_budget",
    "transfer_ownership",
    "wanted_multipliers",
    "withdraw_invitation",
    "withdraw_personal_access_token",
]
