"""Acts on tokens in somebody's name: the right is asked again behind the lock, where a removal may have come first."""

import pytest

from apps.core import clock
from apps.relay import services
from apps.teams import services as teams
from apps.teams.errors import PermissionMissing
from apps.teams.types import TeamAccess
from tests.cast import access_of, add_member, make_token, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def developer(team: TeamAccess) -> TeamAccess:
    """The team as a developer of it reaches it."""
    return access_of(add_member(team, "developer"), team)


def test_whoever_was_removed_meanwhile_neither_makes_nor_enables_a_token(
    team: TeamAccess, developer: TeamAccess
) -> None:
    token, _ = make_token(developer)
    teams.remove_member(team, developer.user_id, at=clock.now())

    with pytest.raises(PermissionMissing):
        make_token(developer, "another")
    with pytest.raises(PermissionMissing):
        services.enable_token(token.pk, actor=developer.user_id, at=clock.now())
    with pytest.raises(PermissionMissing):
        services.change_token(token.pk, actor=developer.user_id, at=clock.now(), limit_nanos=0)


def test_an_operator_is_in_no_team_and_may(team: TeamAccess) -> None:
    token, _ = make_token(team)

    services.disable_token(token.pk, actor=make_user(is_staff=True).pk, at=clock.now(), reason="leaked")

    token.refresh_from_db()
    assert token.disabled_at is not None
