"""Members: roles, removal, leaving, ownership. The owner stays; nobody changes the own role."""

from datetime import timedelta

import pytest

from apps.accounts.models import User
from apps.core import clock
from apps.journal.models import AuditEntry, OutboxMessage
from apps.teams import errors, queries, services
from apps.teams.models import Membership, PersonalAccessToken
from apps.teams.types import TeamAccess
from apps.wallet import services as wallet
from apps.wallet.models import Account
from apps.wallet.types import LimitKind
from tests.cast import access_of, add_member, make_personal_token, make_team
from tests.teams.letters import joined

pytestmark = pytest.mark.django_db


def test_a_role_changes_from_the_next_request_on(team: TeamAccess) -> None:
    bob = add_member(team, "viewer")

    services.change_role(team, bob.pk, role="developer", at=clock.now())

    assert access_of(bob, team).may("tokens.change")
    line = AuditEntry.objects.get(act="member.role_changed")
    assert (line.scope, line.details["from"], line.details["to"]) == (team.public_id, "viewer", "developer")


def test_the_role_somebody_has_already_changes_nothing(team: TeamAccess) -> None:
    bob = add_member(team, "viewer")

    services.change_role(team, bob.pk, role="viewer", at=clock.now())

    assert not AuditEntry.objects.filter(act="member.role_changed").exists()


@pytest.mark.parametrize("role", ["owner", "king"])
def test_nobody_is_made_owner_by_a_change_of_role(team: TeamAccess, role: str) -> None:
    bob = add_member(team, "viewer")

    with pytest.raises(errors.RoleInvalid):
        services.change_role(team, bob.pk, role=role, at=clock.now())


def test_an_admin_neither_changes_nor_removes_the_owner(ada: User, team: TeamAccess) -> None:
    admin = access_of(add_member(team, "admin"), team)

    with pytest.raises(errors.MemberIsOwner):
        services.change_role(admin, ada.pk, role="viewer", at=clock.now())
    with pytest.raises(errors.MemberIsOwner):
        services.remove_member(admin, ada.pk, at=clock.now())


def test_nobody_changes_or_removes_oneself(team: TeamAccess) -> None:
    admin = access_of(add_member(team, "admin"), team)

    with pytest.raises(errors.RoleIsOwn):
        services.change_role(admin, admin.user_id, role="viewer", at=clock.now())
    with pytest.raises(errors.RoleIsOwn):
        services.remove_member(admin, admin.user_id, at=clock.now())


@pytest.mark.parametrize("role", ["billing", "developer", "viewer"])
def test_only_owner_and_admin_change_members(team: TeamAccess, role: str) -> None:
    bob, acting = add_member(team, "viewer"), access_of(add_member(team, role), team)

    with pytest.raises(errors.PermissionMissing):
        services.change_role(acting, bob.pk, role="viewer", at=clock.now())
    with pytest.raises(errors.PermissionMissing):
        services.remove_member(acting, bob.pk, at=clock.now())


def test_a_member_of_another_team_is_nobody_here(team: TeamAccess) -> None:
    stranger = make_team("Strangers")

    with pytest.raises(errors.MemberMissing):
        services.remove_member(team, stranger.user_id, at=clock.now())


def test_whoever_is_removed_is_a_stranger_at_once_and_told_so(team: TeamAccess) -> None:
    bob = joined(team)

    services.remove_member(team, bob.pk, at=clock.now())

    assert queries.team_for(bob.pk, team.public_id) is None
    assert OutboxMessage.objects.get(kind="team.removed").recipient == "bob@example.com"
    with pytest.raises(errors.MemberMissing):
        services.remove_member(team, bob.pk, at=clock.now())


def test_the_last_admin_may_go_since_the_owner_is_there(team: TeamAccess) -> None:
    admin = add_member(team, "admin")

    services.remove_member(team, admin.pk, at=clock.now())

    assert [member.role for member in queries.members_of(team.id)] == ["owner"]


def test_personal_access_tokens_end_with_the_membership_and_stay_ended(team: TeamAccess) -> None:
    bob = joined(team)
    minted = make_personal_token(access_of(bob, team))

    services.remove_member(team, bob.pk, at=clock.now())
    add_member(team, "developer", user=bob)

    assert queries.caller_by_secret(minted.secret, at=clock.now()) is None
    assert AuditEntry.objects.filter(act="personal_token.revoked", scope=team.public_id).count() == 1


def test_tokens_of_other_teams_go_on(team: TeamAccess) -> None:
    bob = joined(team)
    elsewhere = make_personal_token(make_team("Bob's", owner=bob))

    services.remove_member(team, bob.pk, at=clock.now())

    assert queries.caller_by_secret(elsewhere.secret, at=clock.now()) is not None


def test_a_budget_closes_with_the_membership(team: TeamAccess) -> None:
    bob = add_member(team, "developer")
    budget = wallet.open_limit(team.wallet_id, kind=LimitKind.MEMBER, label="Bob", limit_nanos=5_000_000_000)
    Membership.objects.filter(user=bob).update(budget=budget)

    services.remove_member(team, bob.pk, at=clock.now())

    assert Account.objects.get(pk=budget).closed_at is not None


def test_a_member_leaves_and_the_owner_stays(team: TeamAccess) -> None:
    bob = access_of(add_member(team, "viewer"), team)

    services.leave_team(bob, at=clock.now())

    assert [member.user_id for member in queries.members_of(team.id)] == [team.user_id]
    with pytest.raises(errors.TeamMissing):
        services.leave_team(bob, at=clock.now())
    with pytest.raises(errors.MemberIsOwner):
        services.leave_team(team, at=clock.now())


def test_ownership_goes_to_another_member_and_the_former_owner_is_an_admin(ada: User, team: TeamAccess) -> None:
    bob = add_member(team, "viewer")

    services.transfer_ownership(team, to_user_id=bob.pk, at=clock.now())

    assert (access_of(bob, team).role, access_of(ada, team).role) == ("owner", "admin")
    assert AuditEntry.objects.get(act="team.transferred").scope == team.public_id
    assert OutboxMessage.objects.get(kind="team.transferred").recipient == bob.email


def test_the_former_owner_transfers_nothing_more(team: TeamAccess) -> None:
    bob, eve = add_member(team, "viewer"), add_member(team, "viewer")
    services.transfer_ownership(team, to_user_id=bob.pk, at=clock.now())

    with pytest.raises(errors.PermissionMissing):
        services.transfer_ownership(team, to_user_id=eve.pk, at=clock.now())


def test_ownership_goes_to_members_who_can_sign_in_only(team: TeamAccess) -> None:
    gone = add_member(team, "admin")
    User.objects.filter(pk=gone.pk).update(is_active=False)

    for user_id in (gone.pk, make_team("Strangers").user_id):
        with pytest.raises(errors.MemberMissing):
            services.transfer_ownership(team, to_user_id=user_id, at=clock.now())


def test_a_transfer_to_the_owner_changes_nothing(ada: User, team: TeamAccess) -> None:
    services.transfer_ownership(team, to_user_id=ada.pk, at=clock.now())

    assert access_of(ada, team).role == "owner"
    assert not AuditEntry.objects.filter(act="team.transferred").exists()


def test_a_personal_team_cannot_be_left_transferred_renamed_or_closed(ada: User) -> None:
    own, at = services.personal_team_of(ada), clock.now()

    acts = (
        lambda: services.leave_team(own, at=at),
        lambda: services.transfer_ownership(own, to_user_id=ada.pk, at=at),
        lambda: services.rename_team(own, name="Mine", at=at),
        lambda: services.close_team(own.id, actor=ada.pk, at=at),
    )

    for act in acts:
        with pytest.raises(errors.TeamIsPersonal):
            act()


def test_a_personal_team_closes_with_its_person(ada: User) -> None:
    own, at = services.personal_team_of(ada), clock.now()
    User.objects.filter(pk=ada.pk).update(is_active=False, closed_at=at)

    services.close_team(own.id, actor=ada.pk, at=at)

    assert queries.personal_team_for(ada.pk) is None


def test_a_closed_team_is_gone_for_its_members_and_its_tokens_end(team: TeamAccess) -> None:
    minted, at = make_personal_token(team), clock.now()

    services.close_team(team.id, actor=team.user_id, at=at)
    services.close_team(team.id, actor=team.user_id, at=at + timedelta(days=1))

    assert queries.team_for(team.user_id, team.public_id) is None
    assert PersonalAccessToken.objects.get(pk=minted.token.id).revoked_at == at
    assert AuditEntry.objects.filter(act="team.closed").count() == 1
    with pytest.raises(errors.TeamMissing):
        services.rename_team(team, name="Again", at=at)
