"""Acts on teams: found one, open a personal one, mint and revoke personal access tokens, take over access groups."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from apps.core.secret_tokens import digest_of, mint
from apps.journal import services as journal
from apps.journal.types import Act
from apps.teams import queries
from apps.teams.errors import (
    AccessGroupInUse,
    AccessGroupInvalid,
    ScopesInvalid,
    TeamMissing,
    TokenLifetimeInvalid,
    TokenMissing,
)
from apps.teams.models import LONGEST_LIFE, AccessGroup, Membership, PersonalAccessToken, Role, Scope, Team
from apps.teams.types import ImportReport, NewPersonalToken, TeamAccess
from apps.wallet import services as wallet

MAIN_GROUP: Final = "default"
_CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_MULTIPLIER: Final = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4})?")
_MAX_LIMIT: Final = 2_147_483_647
_GROUP_FIELDS: Final = frozenset({"code", "multiplier", *queries.LIMITS})


def personal_team_of(user: AbstractBaseUser) -> TeamAccess:
    """The user's own team, founded at the first call. Safe to call at any door, at once and again.

    The unique index on `personal_of` decides between callers that arrive together; the loser's wallet is rolled back
    with its team.
    """
    found = queries.personal_team_for(user.pk)
    if found is not None:
        return found
    try:
        with transaction.atomic():
            team = _found_team(_("Personal"), owner=user, personal=True)
    except IntegrityError:
        team = Team.objects.get(personal_of_id=user.pk)
    return _access_of(user.pk, team)


def create_team(name: str, *, owner: AbstractBaseUser) -> TeamAccess:
    """A team with a wallet of its own and one member, its owner."""
    with transaction.atomic():
        team = _found_team(name, owner=owner, personal=False)
    return _access_of(owner.pk, team)


def lock_team(team_id: int) -> Team:
    """The team's row, locked until the transaction ends: acts that count what a team has wait for one another here.

    Raises `TeamMissing`.
    """
    team = Team.objects.select_for_update(no_key=True).filter(pk=team_id).first()
    if team is None:
        raise TeamMissing
    return team


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


def import_access_groups(rows: object, *, prune: bool = False) -> ImportReport:
    """Makes the access groups equal to `rows`; a second run changes nothing.

    With `prune`, groups that are not listed go. The caller's transaction decides whether anything stays. Raises
    `AccessGroupInvalid` for a row that cannot be read and `AccessGroupInUse` for a group that a team still has.
    """
    wanted = _wanted_groups(rows)
    with transaction.atomic():
        known = {group.code: group for group in AccessGroup.objects.select_for_update()}
        created = tuple(code for code in wanted if code not in known)
        changed = tuple(code for code in wanted if code in known and _differs(known[code], wanted[code]))
        for code in created + changed:
            AccessGroup.objects.update_or_create(code=code, defaults=wanted[code])
        surplus = [code for code in known if code not in wanted and code != MAIN_GROUP] if prune else []
        _remove(surplus)
    return ImportReport(created=created, changed=changed, removed=tuple(surplus))


def _record_token(act: str, row: PersonalAccessToken, *, actor: int, at: datetime, reason: str = "") -> None:
    details = {"name": row.name, "team": row.team_id, "user": row.user_id, "scopes": row.scopes}
    journal.record_act(Act(act, "personal_token", row.public_id, actor_id=actor, reason=reason, details=details), at=at)


def _found_team(name: str, *, owner: AbstractBaseUser, personal: bool) -> Team:
    """The wallet's label is what staff search by: the team's name, of a personal team its owner's address."""
    group, _created = AccessGroup.objects.get_or_create(code=MAIN_GROUP)
    team = Team.objects.create(
        name=name,
        personal_of_id=owner.pk if personal else None,
        wallet_id=wallet.open_wallet(owner.get_username() if personal else name),
        access_group=group,
    )
    Membership.objects.create(team=team, user_id=owner.pk, role=Role.OWNER)
    return team


def _access_of(user_id: int, team: Team) -> TeamAccess:
    access = queries.team_for(user_id, team.public_id)
    if access is None:
        raise LookupError(f"Team {team.pk} has no member {user_id}.")
    return access


def _wanted_groups(rows: object) -> dict[str, dict[str, object]]:
    if not isinstance(rows, list | tuple):
        raise AccessGroupInvalid("access_groups", _("Write a list of objects."))
    wanted: dict[str, dict[str, object]] = {}
    for index, row in enumerate(rows):
        code = _group_code(row, f"access_groups[{index}]")
        if code in wanted:
            raise AccessGroupInvalid(f"access_groups/{code}", _("This entry stands in the file twice."))
        wanted[code] = _group_fields(code, row)
    return wanted


def _group_code(row: object, place: str) -> str:
    code = row.get("code") if isinstance(row, Mapping) else None
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise AccessGroupInvalid(
            place, _("Write an object with a code of at most 40 letters, digits, hyphens and underscores.")
        )
    return code


def _group_fields(code: str, row: Mapping[str, object]) -> dict[str, object]:
    place = f"access_groups/{code}"
    unknown = sorted(map(str, set(row) - _GROUP_FIELDS))
    if unknown:
        raise AccessGroupInvalid(f"{place}/{unknown[0]}", _("There is no such field here."))
    limits = {name: row[name] for name in queries.LIMITS if name in row}
    for name, limit in limits.items():
        if type(limit) is not int or not 0 <= limit <= _MAX_LIMIT:
            raise AccessGroupInvalid(
                f"{place}/{name}", _("Write a whole number from 0 to %(most)d.") % {"most": _MAX_LIMIT}
            )
    return {"code": code, "multiplier": _multiplier(row.get("multiplier", "1"), f"{place}/multiplier"), **limits}


def _multiplier(value: object, place: str) -> Decimal:
    """As text, because a JSON number may already have lost digits. A whole number has none to lose."""
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not _MULTIPLIER.fullmatch(text):
        raise AccessGroupInvalid(
            place, _('Write a text such as "0.8", from 0 to 9999.9999, with at most four decimals.')
        )
    return Decimal(text)


def _remove(codes: Sequence[str]) -> None:
    try:
        AccessGroup.objects.filter(code__in=codes).delete()
    except ProtectedError as error:
        raise AccessGroupInUse(codes=codes) from error


def _differs(group: AccessGroup, wanted: Mapping[str, object]) -> bool:
    return any(getattr(group, name) != value for name, value in wanted.items())
