"""Whose team is it: every answer starts from the asking user."""

from collections.abc import Collection

from django.db.models import QuerySet

from apps.core.ids import parse_public_id
from apps.teams import roles
from apps.teams.models import Membership, Team
from apps.teams.types import TeamAccess


def teams_of(user_id: int) -> list[TeamAccess]:
    """Every open team of the user: the personal one first, then by name."""
    rows = open_memberships().filter(user_id=user_id)
    return sorted(map(access_of, rows), key=lambda team: (not team.is_personal, team.name, team.id))


def team_for(user_id: int, team: str) -> TeamAccess | None:
    """The team with this public id as this user reaches it; None for strangers, whether it exists or not."""
    uid = parse_public_id("team", team)
    row = None if uid is None else open_memberships().filter(user_id=user_id, team__uid=uid).first()
    return None if row is None else access_of(row)


def personal_team_for(user_id: int) -> TeamAccess | None:
    row = open_memberships().filter(user_id=user_id, team__personal_of_id=user_id).first()
    return None if row is None else access_of(row)


def team_by_public_id(team: str) -> Team | None:
    """For commands of operators, who are in no team; never for a request."""
    uid = parse_public_id("team", team)
    return None if uid is None else Team.objects.filter(uid=uid, closed_at=None).first()


def public_id_of(team_id: int) -> str:
    """How answers name the team of an API token, whose holder is in no team."""
    return Team.objects.get(pk=team_id).public_id


def personal_teams_of(user_ids: Collection[int]) -> dict[int, Team]:
    """For commands of operators: the personal teams of these people, closed ones too, by person. One query."""
    rows = Team.objects.filter(personal_of_id__in=user_ids)
    return {team.personal_of_id: team for team in rows if team.personal_of_id is not None}


def teams_by_public_id(teams: Collection[str]) -> dict[str, Team]:
    """For commands of operators: the open teams with these public ids; unknown ones are absent. One query."""
    uids = {uid for uid in (parse_public_id("team", team) for team in teams) if uid is not None}
    return {team.public_id: team for team in Team.objects.filter(uid__in=uids, closed_at=None)}


def open_memberships() -> QuerySet[Membership]:
    return Membership.objects.filter(team__closed_at=None).select_related("team__access_group")


def access_of(row: Membership) -> TeamAccess:
    team = row.team
    return TeamAccess(
        id=team.pk,
        uid=team.uid,
        name=team.name,
        is_personal=team.is_personal,
        wallet_id=team.wallet_id,
        user_id=row.user_id,
        role=row.role,
        permissions=roles.permissions_of(row.role),
        main_group=team.access_group.code,
    )
