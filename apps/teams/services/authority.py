"""Who may still do it: first the lock of the team, then the right once more. And the line that an act leaves."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from apps.core.locks import lock_for_transaction
from apps.journal import services as journal
from apps.journal.types import Act
from apps.teams import queries, roles
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


def lock_teams_of(user_id: int) -> list[TeamAccess]:
    """Every open team of a person as they reach it, locked in ascending order; nobody adds them to one meanwhile."""
    lock_for_transaction(teams_lock(user_id))
    mine = Membership.objects.filter(user_id=user_id).values("team_id")
    open_teams = Team.objects.select_for_update(no_key=True).filter(pk__in=mine, closed_at=None).order_by("pk")
    locked = {team.pk for team in open_teams}
    return [access for access in queries.teams_of(user_id) if access.id in locked]


def teams_lock(user_id: int) -> str:
    """The lock at which whoever joins, founds or leaves all teams of one person waits; it comes before any team's."""
    return f"teams of user {user_id}"


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
