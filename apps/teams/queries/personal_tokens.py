"""Whom a personal access token speaks for."""

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser

from apps.core.secret_tokens import digest_of, is_well_formed
from apps.teams.models import PersonalAccessToken
from apps.teams.queries.reach import access_of, open_memberships, teams_of
from apps.teams.types import PersonalToken, TeamAccess

TOKEN_PREFIX = "pat_"  # noqa: S105  what a personal access token starts with


def caller_by_secret(secret: str, *, at: datetime) -> tuple[AbstractBaseUser, PersonalToken] | None:
    """The active user and live token behind a secret, with the role that the user has in the team now."""
    if not is_well_formed(TOKEN_PREFIX, secret):
        return None
    live = PersonalAccessToken.objects.filter(revoked_at=None, expires_at__gt=at, user__is_active=True)
    row = live.select_related("user").filter(digest=digest_of(secret)).first()
    if row is None:
        return None
    membership = open_memberships().filter(user_id=row.user_id, team_id=row.team_id).first()
    return None if membership is None else (row.user, token_of(row, access_of(membership)))


def personal_tokens_of(user_id: int) -> list[PersonalToken]:
    """The user's tokens that are not revoked, newest first."""
    access = {team.id: team for team in teams_of(user_id)}
    rows = PersonalAccessToken.objects.filter(user_id=user_id, revoked_at=None, team_id__in=access).order_by("-id")
    return [token_of(row, access[row.team_id]) for row in rows]


def token_of(row: PersonalAccessToken, team: TeamAccess) -> PersonalToken:
    return PersonalToken(
        id=row.pk,
        uid=row.uid,
        name=row.name,
        last_four=row.last_four,
        team=team,
        scopes=frozenset(row.scopes),
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )
