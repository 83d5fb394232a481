"""A team is founded and renamed: names, the limit a person, the wallet's label."""

from typing import Any

import pytest

from apps.accounts.errors import AccountClosed
from apps.accounts.models import User
from apps.core import clock
from apps.journal.models import AuditEntry
from apps.teams import errors, queries, services
from apps.teams.types import TeamAccess
from apps.wallet.models import Account
from tests.cast import access_of, add_member

pytestmark = pytest.mark.django_db


def test_a_team_has_a_wallet_and_one_owner_and_a_line_in_its_log(ada: User) -> None:
    team = services.create_team("  Acme   Labs ", owner=ada, at=clock.now())

    assert (team.name, team.role, team.is_personal) == ("Acme Labs", "owner", False)
    assert Account.objects.get(pk=team.wallet_id).label == "Acme Labs"
    assert AuditEntry.objects.get(act="team.founded").scope == team.public_id


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\u202eb", "a\x00b"])
def test_a_name_that_nobody_can_read_is_refused(ada: User, team: TeamAccess, name: str) -> None:
    with pytest.raises(errors.TeamNameInvalid):
        services.create_team(name, owner=ada, at=clock.now())
    with pytest.raises(errors.TeamNameInvalid):
        services.rename_team(team, name=name, at=clock.now())


def test_a_person_founds_only_so_many_teams(ada: User, team: TeamAccess, settings: Any) -> None:
    settings.TEAMS_PER_USER = 1
    services.personal_team_of(ada)

    with pytest.raises(errors.TeamsExhausted):
        services.create_team("Second", owner=ada, at=clock.now())


def test_a_closed_account_founds_nothing(ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False, closed_at=clock.now())

    with pytest.raises(AccountClosed):
        services.create_team("Late", owner=ada, at=clock.now())


def test_a_closed_team_makes_room(ada: User, team: TeamAccess, settings: Any) -> None:
    settings.TEAMS_PER_USER = 1
    services.close_team(team.id, actor=ada.pk, at=clock.now())

    assert services.create_team("Second", owner=ada, at=clock.now()).name == "Second"


def test_a_new_name_is_the_wallets_too(team: TeamAccess) -> None:
    services.rename_team(team, name="Acme Labs", at=clock.now())
    services.rename_team(team, name="Acme Labs", at=clock.now())

    assert queries.team_for(team.user_id, team.public_id).name == "Acme Labs"
    assert Account.objects.get(pk=team.wallet_id).label == "Acme Labs"
    assert AuditEntry.objects.get(act="team.renamed").details == {"from": "Acme", "to": "Acme Labs"}


@pytest.mark.parametrize("role", ["billing", "developer", "viewer"])
def test_only_owner_and_admin_rename(team: TeamAccess, role: str) -> None:
    with pytest.raises(errors.PermissionMissing):
        services.rename_team(access_of(add_member(team, role), team), name="Mine", at=clock.now())
