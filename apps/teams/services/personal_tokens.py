"""Personal access tokens: minted, revoked by their owner, withdrawn by others."""

from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.db import transaction

from apps.core.secret_tokens import digest_of, mint
from apps.journal import services as journal
from apps.journal.types import Act
from apps.teams import limits, queries
from apps.teams.errors import (
    ScopesInvalid,
    TeamMissing,
    TokenLifetimeInvalid,
    TokenLimitReached,
    TokenMissing,
    TokenNameTaken,
)
from apps.teams.models import LONGEST_LIFE, Membership, PersonalAccessToken, Scope
from apps.teams.types import NewPersonalToken, TeamAccess


def create_personal_access_token(
    access: TeamAccess, *, name: str, scopes: Collection[str], expires_at: datetime, at: datetime
) -> NewPersonalToken:
    """Mints a token that acts for `access.user_id` in that team only. The secret is in the answer and nowhere else.

    The person's memberships are locked before live tokens are counted, so that parallel calls cannot pass
    `PERSONAL_TOKENS_PER_USER`, and a form that was sent twice makes one: names of live tokens differ. Raises
    `TokenLifetimeInvalid` beyond 365 days, `ScopesInvalid` for none or an unknown scope, `TokenNameTaken`,
    `TokenLimitReached`, and `TeamMissing` for somebody who has just left.
    """
    if not at < expires_at <= at + LONGEST_LIFE:
        raise TokenLifetimeInvalid
    if not scopes or not set(scopes) <= set(Scope.values):
        raise ScopesInvalid
    secret = mint(queries.TOKEN_PREFIX)
    with transaction.atomic():
        _lock_place_for_one(access, name=name, at=at)
        row = PersonalAccessToken.objects.create(
            user_id=access.user_id,
            team_id=access.id,
            name=name,
            digest=digest_of(secret),
            last_four=secret[-4:],
            scopes=sorted(set(scopes)),
            created_at=at,
            expires_at=expires_at,
        )
        _record_token("personal_token.created", row, actor=access.user_id, at=at)
    return NewPersonalToken(token=queries.token_of(row, access), secret=secret)


def revoke_personal_access_token(user_id: int, token_id: int, *, at: datetime) -> None:
    """Its owner ends the token now. A second call changes nothing; a stranger's token raises `TokenMissing`."""
    if not PersonalAccessToken.objects.filter(user_id=user_id, pk=token_id).exists():
        raise TokenMissing
    withdraw_personal_access_token(token_id, actor=user_id, at=at)


def withdraw_personal_access_token(token_id: int, *, actor: int, at: datetime, reason: str = "") -> None:
    """Staff end anybody's token now. A second call changes nothing. Raises `TokenMissing`."""
    with transaction.atomic():
        rows = PersonalAccessToken.objects.select_for_update(of=("self",)).select_related("team")
        row = rows.filter(pk=token_id).first()
        if row is None:
            raise TokenMissing
        if row.revoked_at is None:
            row.revoked_at = at
            row.save(update_fields=["revoked_at"])
            _record_token("personal_token.revoked", row, actor=actor, at=at, reason=reason)


def end_personal_tokens(team_id: int, *, user_id: int | None = None, actor: int | None, at: datetime) -> int:
    """Ends every token of a team, or of one person there, in the caller's transaction; returns how many there were."""
    rows = PersonalAccessToken.objects.filter(team_id=team_id, revoked_at=None).select_related("team")
    mine = rows if user_id is None else rows.filter(user_id=user_id)
    ended = list(mine.select_for_update(of=("self",)).order_by("pk"))
    for row in ended:
        row.revoked_at = at
        row.save(update_fields=["revoked_at"])
        _record_token("personal_token.revoked", row, actor=actor, at=at)
    return len(ended)


def note_use(token_id: int, *, at: datetime) -> None:
    """Remembers when a personal access token was last used; its owner sees a forgotten or a stolen one."""
    PersonalAccessToken.objects.filter(pk=token_id).update(last_used_at=at)


def _lock_place_for_one(access: TeamAccess, *, name: str, at: datetime) -> None:
    """Whoever makes tokens for the same person waits here; so does whoever ends the membership."""
    mine = Membership.objects.select_for_update(no_key=True).filter(user_id=access.user_id).order_by("pk")
    if access.id not in [membership.team_id for membership in mine]:
        raise TeamMissing
    live = queries.live_tokens_of(access.user_id, at=at)
    if name.casefold() in {token.name.casefold() for token in live}:
        raise TokenNameTaken
    if not limits.has_room(len(live), most=settings.PERSONAL_TOKENS_PER_USER):
        raise TokenLimitReached


def _record_token(act: str, row: PersonalAccessToken, *, actor: int | None, at: datetime, reason: str = "") -> None:
    """Names the team, so that its admins can read of it too."""
    team = row.team.public_id
    details = {"name": row.name, "team": team, "user": row.user_id, "scopes": row.scopes}
    act_of_team = Act(act, "personal_token", row.public_id, actor_id=actor, reason=reason, details=details, scope=team)
    journal.record_act(act_of_team, at=at)
