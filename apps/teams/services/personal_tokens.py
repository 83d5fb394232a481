"""Personal access tokens: minted, revoked by their owner, withdrawn by others."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from apps.core.secret_tokens import digest_of, mint
from apps.journal import services as journal
from apps.journal.types import Act
from apps.teams import queries
from apps.teams.errors import ScopesInvalid, TokenLifetimeInvalid, TokenMissing
from apps.teams.models import LONGEST_LIFE, PersonalAccessToken, Scope
from apps.teams.types import NewPersonalToken, TeamAccess


def create_personal_access_token(
    access: TeamAccess, *, name: str, scopes: Collection[str], expires_at: datetime, at: datetime
) -> NewPersonalToken:
    """Mints a token that acts for `access.user_id` in that team only. The secret is in the answer and nowhere else.

    Raises `TokenLifetimeInvalid` beyond 365 days and `ScopesInvalid` for none or an unknown scope.
    """
    if not at < expires_at <= at + LONGEST_LIFE:
        raise TokenLifetimeInvalid
    if not scopes or not set(scopes) <= set(Scope.values):
        raise ScopesInvalid
    secret = mint(queries.TOKEN_PREFIX)
    with transaction.atomic():
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
        row = PersonalAccessToken.objects.select_for_update().filter(pk=token_id).first()
        if row is None:
            raise TokenMissing
        if row.revoked_at is None:
            row.revoked_at = at
            row.save(update_fields=["revoked_at"])
            _record_token("personal_token.revoked", row, actor=actor, at=at, reason=reason)


def note_use(token_id: int, *, at: datetime) -> None:
    """Remembers when a personal access token was last used; its owner sees a forgotten or a stolen one."""
    PersonalAccessToken.objects.filter(pk=token_id).update(last_used_at=at)


def _record_token(act: str, row: PersonalAccessToken, *, actor: int, at: datetime, reason: str = "") -> None:
    details = {"name": row.name, "team": row.team_id, "user": row.user_id, "scopes": row.scopes}
    journal.record_act(Act(act, "personal_token", row.public_id, actor_id=actor, reason=reason, details=details), at=at)
