"""An open team has exactly one owner, whatever SQL says: the database refuses at commit."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from apps.teams.models import Membership, Team
from apps.teams.types import TeamAccess
from apps.wallet import services as wallet
from tests.cast import add_member

pytestmark = pytest.mark.django_db


def at_commit(change: Callable[[], object]) -> None:
    """Makes a change, and asks what COMMIT would ask."""
    with transaction.atomic():
        change()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def owner_of(team: TeamAccess) -> Membership:
    return Membership.objects.get(team_id=team.id, role="owner")


def test_the_last_owner_cannot_be_deleted(team: TeamAccess) -> None:
    with pytest.raises(IntegrityError, match="not exactly one owner"):
        at_commit(lambda: Membership.objects.filter(pk=owner_of(team).pk).delete())


def test_the_last_owner_cannot_become_an_admin(team: TeamAccess) -> None:
    with pytest.raises(IntegrityError, match="not exactly one owner"):
        at_commit(lambda: Membership.objects.filter(pk=owner_of(team).pk).update(role="admin"))


def test_a_team_without_members_cannot_be_made(team: TeamAccess) -> None:
    group = Team.objects.get(pk=team.id).access_group
    lonely = Team(name="Lonely", access_group=group, wallet_id=wallet.open_wallet("Lonely"))

    with pytest.raises(IntegrityError, match="not exactly one owner"):
        at_commit(lonely.save)


def test_a_second_owner_is_refused_at_once(team: TeamAccess) -> None:
    add_member(team, "admin")

    with pytest.raises(IntegrityError, match="membership_one_owner_per_team"), transaction.atomic():
        Membership.objects.filter(team_id=team.id, role="admin").update(role="owner")


def test_ownership_may_pass_through_a_moment_without_an_owner(team: TeamAccess) -> None:
    admin = add_member(team, "admin")

    def transfer() -> None:
        Membership.objects.filter(pk=owner_of(team).pk).update(role="admin")
        Membership.objects.filter(team_id=team.id, user=admin).update(role="owner")

    at_commit(transfer)

    assert owner_of(team).user == admin


def test_a_closed_team_needs_no_owner_and_cannot_open_without_one(team: TeamAccess, ada: object) -> None:
    at_commit(lambda: Team.objects.filter(pk=team.id).update(closed_at="2026-05-01T00:00Z"))
    at_commit(lambda: Membership.objects.filter(team_id=team.id).delete())

    with pytest.raises(IntegrityError, match="not exactly one owner"):
        at_commit(lambda: Team.objects.filter(pk=team.id).update(closed_at=None))
