"""Whom a personal access token speaks for, and which tokens a person has."""

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.core.ids import parse_public_id
from apps.core.pagination import Cursor, Page, keyset_page
from apps.core.secret_tokens import digest_of, is_well_formed
from apps.teams import limits
from apps.teams.models import Membership, PersonalAccessToken
from apps.teams.queries.reach import access_of, open_memberships
from apps.teams.types import PersonalToken, PersonalTokenEntry, TeamAccess

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


def live_tokens_of(user_id: int, *, at: datetime) -> list[PersonalTokenEntry]:
    """The tokens that work, newest first. One query."""
    return [_entry(row, at=at) for row in _with_reach(user_id).filter(_live(at)).order_by("-id")]


def ended_tokens_of(user_id: int, *, at: datetime, at_most: int) -> list[PersonalTokenEntry]:
    """The newest of those that work no more, each with the reason as its state. One query."""
    return [_entry(row, at=at) for row in _with_reach(user_id).exclude(_live(at)).order_by("-id")[:at_most]]


def token_entry(user_id: int, token: str, *, at: datetime) -> tuple[int, PersonalTokenEntry] | None:
    """The user's own token with this public id, with its row id for the acts; None for a stranger's."""
    uid = parse_public_id("pat", token)
    row = None if uid is None else _with_reach(user_id).filter(uid=uid).first()
    return None if row is None else (row.pk, _entry(row, at=at))


def token_entries(user_id: int, *, at: datetime, cursor: Cursor | None, size: int) -> Page[PersonalTokenEntry]:
    """Every token of the user, ended ones too, newest first."""
    return keyset_page(_with_reach(user_id), key="uid", cursor=cursor, size=size).map(lambda row: _entry(row, at=at))


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


def _with_reach(user_id: int) -> QuerySet[PersonalAccessToken]:
    """The user's tokens, each with its team and whether the user is still in it."""
    membership = Membership.objects.filter(user_id=OuterRef("user_id"), team_id=OuterRef("team_id"))
    rows = PersonalAccessToken.objects.filter(user_id=user_id).select_related("team")
    return rows.annotate(is_member=Exists(membership))


def _live(at: datetime) -> Q:
    """What `limits.token_state` calls live."""
    return Q(is_member=True, team__closed_at=None, revoked_at=None, expires_at__gt=at)


def _entry(row: PersonalAccessToken, *, at: datetime) -> PersonalTokenEntry:
    is_member: bool = row.is_member  # type: ignore[attr-defined]  # annotated by _with_reach
    state = limits.token_state(
        is_member=is_member, closed_at=row.team.closed_at, revoked_at=row.revoked_at, expires_at=row.expires_at, at=at
    )
    return PersonalTokenEntry(
        uid=row.uid,
        name=row.name,
        last_four=row.last_four,
        team=row.team.public_id if is_member else "",
        team_name=row.team.name if is_member else "",
        is_personal=row.team.is_personal,
        scopes=tuple(row.scopes),
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
        state=state,
    )
