"""A team comes to be, with a wallet of its own and one member, its owner; and gets another name."""

from datetime import datetime
from typing import Final

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts import queries as accounts
from apps.accounts.errors import AccountClosed
from apps.core.locks import lock_for_transaction
from apps.teams import queries
from apps.teams.errors import TeamNameInvalid, TeamsExhausted
from apps.teams.models import AccessGroup, Membership, Role, Team
from apps.teams.services.authority import lock_team_as, record, refuse_personal, teams_lock
from apps.teams.types import MAIN_GROUP, TeamAccess
from apps.wallet import services as wallet

NAME_LENGTH: Final = 80


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
    return access_of(user.pk, team)


def create_team(name: str, *, owner: AbstractBaseUser, at: datetime) -> TeamAccess:
    """A team with a wallet of its own and one member, its owner.

    Somebody who is in `TEAMS_PER_USER` teams gets no further one, also by parallel calls. Raises `TeamNameInvalid`,
    `TeamsExhausted`.
    """
    name = checked_name(name)
    with transaction.atomic():
        refuse_too_many_teams(owner.pk)
        team = _found_team(name, owner=owner, personal=False)
        record("team.founded", team, actor=owner.pk, at=at, details={"name": name})
    return access_of(owner.pk, team)


def rename_team(access: TeamAccess, *, name: str, at: datetime) -> None:
    """A new name, for the wallet and the budget too. The same name again changes nothing.

    Raises `TeamNameInvalid`, `TeamIsPersonal`.
    """
    name = checked_name(name)
    with transaction.atomic():
        team = lock_team_as(access, "team.change")
        refuse_personal(team)
        if team.name == name:
            return
        before, team.name = team.name, name
        team.save(update_fields=["name"])
        for account in filter(None, (team.wallet_id, team.budget_id)):
            wallet.label_account(account, label=name)
        record("team.renamed", team, actor=access.user_id, at=at, details={"from": before, "to": name})


def checked_name(name: str) -> str:
    """The name without surplus blanks. Raises `TeamNameInvalid`."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_LENGTH or not name.isprintable():
        raise TeamNameInvalid
    return name


def refuse_too_many_teams(user_id: int) -> None:
    """Holds for whoever joins or founds a team: parallel acts of one person wait for one another here.

    Comes before the lock of a team. Whoever closes the account waits here too. Raises `TeamsExhausted`,
    `AccountClosed`.
    """
    lock_for_transaction(teams_lock(user_id))
    if accounts.is_closed(user_id):
        raise AccountClosed
    mine = Membership.objects.filter(user_id=user_id, team__closed_at=None, team__personal_of_id=None)
    if mine.count() >= settings.TEAMS_PER_USER:
        raise TeamsExhausted(settings.TEAMS_PER_USER)


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


def access_of(user_id: int, team: Team) -> TeamAccess:
    access = queries.team_for(user_id, team.public_id)
    if access is None:
        raise LookupError(f"Team {team.pk} has no member {user_id}.")
    return access
