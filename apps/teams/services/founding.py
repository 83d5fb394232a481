"""A team comes to be: with a wallet of its own and one member, its owner."""

from typing import Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.teams import queries
from apps.teams.errors import TeamMissing
from apps.teams.models import AccessGroup, Membership, Role, Team
from apps.teams.types import TeamAccess
from apps.wallet import services as wallet

MAIN_GROUP: Final = "default"


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
