"""Who may still do it: first the lock of the team, then the right once more. And the line that an act leaves."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from apps.journal import services as journal
from apps.journal.types import Act
from apps.teams import roles
from apps.teams.errors import PermissionMissing, TeamIsPersonal, TeamMissing
from apps.teams.models import Membership, Team
from apps.teams.types import TeamAccess

NOTHING: Mapping[str, object] = MappingProxyType({})


def lock_team(team_id: int) -> Team:
    """The team's row, locked until the transaction ends: acts that count what a team has wait for one another here.

    Raises `TeamMissing`.
    """
    team = Team.objects.select_for_update(no_key=True).filter(pk=team_id).first()
    if team is None:
        raise TeamMissing
    return team


def lock_team_as(access: TeamAccess, permission: str) -> Team:
    """The same for an act in somebody's name: an access that was looked up before the lock may have ended since.

    Raises `TeamMissing` for a team that was closed or left meanwhile, and `PermissionMissing`.
    """
    team = lock_team(access.id)
    acting = Membership.objects.filter(team_id=team.pk, user_id=access.user_id, user__is_active=True).first()
    if acting is None or team.closed_at is not None:
        raise TeamMissing
    if permission not in roles.permissions_of(acting.role):
        raise PermissionMissing
    return team


def refuse_personal(team: Team) -> None:
    """Raises `TeamIsPersonal`."""
    if team.is_personal:
        raise TeamIsPersonal


def record(
    act: str,
    team: Team,
    *,
    actor: int | None,
    at: datetime,
    target: tuple[str, str] | None = None,
    details: Mapping[str, object] = NOTHING,
) -> None:
    """One line of the team's own part of the audit trail; without a target it is about the team itself."""
    kind, target_id = target or ("team", team.public_id)
    line = Act(act, kind, target_id, actor_id=actor, details=details, scope=team.public_id)
    journal.record_act(line, at=at)
