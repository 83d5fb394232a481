"""Acts on one team at once, on real connections. Each race has a control that shows what the lock is for."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import override_settings

from apps.accounts.models import User
from apps.core import clock
from apps.core.errors import SluiceError
from apps.core.ids import uuid7
from apps.journal.models import AuditEntry
from apps.teams import queries, services
from apps.teams.models import Invitation, Membership, Team
from apps.teams.types import TeamAccess
from tests.cast import access_of, add_member, make_team, make_user
from tests.committed import on_own_connection, wait_until_they_wait
from tests.teams.letters import invited

pytestmark = pytest.mark.live

Act = Callable[[], Any]


@pytest.fixture
def team(committed: None) -> TeamAccess:
    return make_team("Acme", owner=person())


def person() -> User:
    return make_user(f"{uuid7()}@example.com")


def at_once(team: TeamAccess, *acts: Act) -> list[object]:
    """What came of each: none goes on before all of them wait for the team's row."""
    with ThreadPoolExecutor(len(acts)) as pool:
        with transaction.atomic():
            Team.objects.select_for_update(no_key=True).get(pk=team.id)
            racing = [pool.submit(on_own_connection, lambda act=act: outcome(act)) for act in acts]
            wait_until_they_wait(len(acts))
        return [one.result() for one in racing]


def meeting(*acts: Callable[[Act], Any]) -> list[object]:
    """The same without a lock: each act gets a call by which it waits until all of them have looked."""
    looked: list[int] = []

    def meet() -> None:
        looked.append(1)
        while len(looked) < len(acts):
            time.sleep(0.01)

    with ThreadPoolExecutor(len(acts)) as pool:
        racing = [pool.submit(on_own_connection, lambda act=act: outcome(lambda: act(meet))) for act in acts]
        return [one.result() for one in racing]


def outcome(act: Act) -> object:
    try:
        with transaction.atomic():
            return act()
    except (SluiceError, DatabaseError) as error:
        return type(error).__name__


def acts_of(team: TeamAccess) -> list[str]:
    return list(AuditEntry.objects.filter(scope=team.public_id).order_by("id").values_list("act", flat=True))


def test_an_invitation_that_is_accepted_twice_at_once_makes_one_member(team: TeamAccess) -> None:
    bob = person()
    secret = invited(team, bob.email)

    def accept() -> TeamAccess:
        return services.accept_invitation(secret, user=bob, at=clock.now())

    first, second = at_once(team, accept, accept)

    assert first == second == access_of(bob, team)
    assert acts_of(team).count("invitation.accepted") == 1


def test_control_looking_first_alone_would_fail_the_second_acceptance(team: TeamAccess) -> None:
    bob = person()
    invited(team, bob.email)

    def look_then_join(meet: Act) -> str:
        row = Invitation.objects.get(team_id=team.id, email=bob.email, accepted_at=None)
        meet()
        row.accepted_at, row.accepted_by_id = clock.now(), bob.pk
        row.save()
        Membership.objects.create(team_id=team.id, user=bob, role=row.role)
        return "joined"

    assert sorted(map(str, meeting(look_then_join, look_then_join))) == ["IntegrityError", "joined"]


def test_two_who_follow_their_invitations_at_once_share_the_last_place(team: TeamAccess) -> None:
    guests = [person(), person()]
    secrets = [invited(team, guest.email) for guest in guests]

    def joining(n: int) -> Act:
        return lambda: services.accept_invitation(secrets[n], user=guests[n], at=clock.now()).role

    with override_settings(MEMBERS_PER_TEAM=2):
        found = at_once(team, joining(0), joining(1))

    assert sorted(map(str, found)) == ["MembersExhausted", "developer"]
    assert len(queries.members_of(team.id)) == 2


def test_control_counting_first_alone_would_let_both_in(team: TeamAccess) -> None:
    def count_then_join(meet: Act) -> None:
        has_room = Membership.objects.filter(team_id=team.id).count() < 2
        meet()
        if has_room:
            Membership.objects.create(team_id=team.id, user=person(), role="developer")

    meeting(count_then_join, count_then_join)

    assert len(queries.members_of(team.id)) == 3


def test_an_address_is_invited_once_by_two_admins_at_once(team: TeamAccess) -> None:
    admin = access_of(add_member(team, "admin", user=person()), team)
    email = f"{uuid7()}@example.com"

    def inviting(access: TeamAccess) -> Act:
        return lambda: services.invite(access, email=email, role="viewer", at=clock.now()).role

    assert sorted(map(str, at_once(team, inviting(team), inviting(admin)))) == ["AlreadyInvited", "viewer"]


def test_of_two_transfers_of_ownership_at_once_one_happens(team: TeamAccess) -> None:
    heirs = [add_member(team, "admin", user=person()), add_member(team, "viewer", user=person())]

    def transferring(heir: User) -> Act:
        return lambda: services.transfer_ownership(team, to_user_id=heir.pk, at=clock.now())

    found = at_once(team, *map(transferring, heirs))

    assert sorted(map(str, found)) == ["None", "PermissionMissing"]
    assert [member.role for member in queries.members_of(team.id)].count("owner") == 1
    assert acts_of(team).count("team.transferred") == 1


def test_control_without_the_lock_the_database_has_the_last_word(team: TeamAccess) -> None:
    heirs = [add_member(team, "admin", user=person()), add_member(team, "viewer", user=person())]

    def transferring(heir: User) -> Callable[[Act], str]:
        def transfer(meet: Act) -> str:
            owner = Membership.objects.get(team_id=team.id, role="owner")
            meet()
            Membership.objects.filter(pk=owner.pk).update(role="admin")
            Membership.objects.filter(team_id=team.id, user=heir).update(role="owner")
            return "owner"

        return transfer

    assert sorted(map(str, meeting(*map(transferring, heirs)))) == ["IntegrityError", "owner"]


def test_whoever_is_removed_while_being_promoted_is_out_and_the_log_agrees(team: TeamAccess) -> None:
    bob = add_member(team, "viewer", user=person())

    found = at_once(
        team,
        lambda: services.change_role(team, bob.pk, role="admin", at=clock.now()),
        lambda: services.remove_member(team, bob.pk, at=clock.now()),
    )

    assert queries.team_for(bob.pk, team.public_id) is None
    promoted = "member.role_changed" in acts_of(team)
    assert found == ([None, None] if promoted else ["MemberMissing", None])


def test_control_without_the_lock_the_log_would_tell_of_a_promotion_that_never_was(team: TeamAccess) -> None:
    bob = add_member(team, "viewer", user=person())

    def promote(meet: Act) -> int:
        member = Membership.objects.get(team_id=team.id, user=bob)
        meet()
        while Membership.objects.filter(pk=member.pk).exists():
            time.sleep(0.01)
        return Membership.objects.filter(pk=member.pk).update(role="admin")

    def remove(meet: Act) -> int:
        meet()
        return Membership.objects.filter(team_id=team.id, user=bob).delete()[0]

    assert meeting(promote, remove) == [0, 1]


def test_an_admin_who_is_removed_while_inviting_invites_nobody(team: TeamAccess) -> None:
    admin = access_of(add_member(team, "admin", user=person()), team)
    email = f"{uuid7()}@example.com"

    found = at_once(
        team,
        lambda: services.remove_member(team, admin.user_id, at=clock.now()),
        lambda: services.invite(admin, email=email, role="admin", at=clock.now()) and "invited",
    )

    assert found in ([None, "TeamMissing"], [None, "invited"])
    assert queries.invitations_of(team.id, at=clock.now()) == []
