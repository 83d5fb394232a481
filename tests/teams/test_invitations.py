"""Invitations: a secret in one mail, seven days, one use, and only for whoever reads mail at the invited address."""

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.core import clock
from apps.core.ids import public_id, uuid7
from apps.journal.models import AuditEntry, OutboxMessage
from apps.teams import errors, queries, services
from apps.teams.models import Invitation, Membership
from apps.teams.types import TeamAccess
from tests.cast import access_of, add_member, make_team, make_user
from tests.teams.letters import invited, joined, secret_for

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)


@pytest.fixture
def bob(db: None) -> User:
    return make_user("bob@example.com")


def test_the_secret_stands_in_the_mail_and_nowhere_else(team: TeamAccess) -> None:
    secret = invited(team)

    row = Invitation.objects.get()
    assert len(secret) == 4 + 43 + 6
    assert secret not in str(row.__dict__)
    assert secret not in str(list(AuditEntry.objects.values()))
    assert (row.email, row.role, row.invited_by_id) == ("bob@example.com", "developer", team.user_id)


def test_an_invitation_makes_a_member_with_its_role(team: TeamAccess, bob: User) -> None:
    secret = invited(team, role="billing")

    access = services.accept_invitation(secret, user=bob, at=clock.now())

    assert (access.id, access.role) == (team.id, "billing")
    assert [member.email for member in queries.members_of(team.id)] == ["ada@example.com", "bob@example.com"]
    assert queries.invitations_of(team.id, at=clock.now()) == []


def test_accepting_again_changes_nothing(team: TeamAccess, bob: User) -> None:
    secret = invited(team)

    first = services.accept_invitation(secret, user=bob, at=clock.now())
    second = services.accept_invitation(secret, user=bob, at=clock.now())

    assert first == second
    assert AuditEntry.objects.filter(act="invitation.accepted").count() == 1


def test_an_invitation_ends_after_seven_days(team: TeamAccess, bob: User) -> None:
    secret, at = invited(team), clock.now()

    with pytest.raises(errors.InvitationEnded):
        services.accept_invitation(secret, user=bob, at=at + WEEK)


def test_an_invitation_is_for_the_invited_address_alone(team: TeamAccess) -> None:
    secret = invited(team)

    with pytest.raises(errors.InvitationOfAnother):
        services.accept_invitation(secret, user=make_user("eve@example.com"), at=clock.now())

    assert Membership.objects.filter(team_id=team.id).count() == 1


def test_an_address_that_was_never_confirmed_is_nobodys(team: TeamAccess) -> None:
    secret = invited(team)
    unconfirmed = accounts.add_user(accounts.new_user("bob@example.com", password="correct horse"))

    with pytest.raises(errors.InvitationOfAnother):
        services.accept_invitation(secret, user=unconfirmed, at=clock.now())


def test_the_case_of_an_address_makes_no_difference(team: TeamAccess, bob: User) -> None:
    services.invite(team, email=" Bob@Example.com ", role="viewer", at=clock.now())

    services.accept_invitation(secret_for("bob@example.com"), user=bob, at=clock.now())

    assert access_of(bob, team).role == "viewer"


def test_an_address_is_asked_once_at_a_time(team: TeamAccess) -> None:
    invited(team)

    with pytest.raises(errors.AlreadyInvited):
        services.invite(team, email="BOB@example.com", role="viewer", at=clock.now())

    assert OutboxMessage.objects.filter(kind="team.invited").count() == 1


def test_one_that_ran_out_of_time_makes_room(team: TeamAccess, bob: User) -> None:
    old, later = invited(team), clock.now() + WEEK

    services.invite(team, email="bob@example.com", role="viewer", at=later)

    with pytest.raises(errors.InvitationEnded):
        services.accept_invitation(old, user=bob, at=later)
    assert [one.role for one in queries.invitations_of(team.id, at=later)] == ["viewer"]


def test_sending_again_ends_the_old_link_and_starts_a_new_week(team: TeamAccess, bob: User) -> None:
    old, at = invited(team), clock.now()
    (shown,) = queries.invitations_of(team.id, at=at)

    services.resend_invitation(team, shown.public_id, at=at + timedelta(days=6))

    with pytest.raises(errors.InvitationEnded):
        services.accept_invitation(old, user=bob, at=at + timedelta(days=6))
    services.accept_invitation(secret_for("bob@example.com"), user=bob, at=at + timedelta(days=12))
    assert access_of(bob, team).role == "developer"


def test_a_withdrawn_invitation_lets_nobody_in(team: TeamAccess, bob: User) -> None:
    secret = invited(team)
    (shown,) = queries.invitations_of(team.id, at=clock.now())

    services.withdraw_invitation(team, shown.public_id, at=clock.now())

    with pytest.raises(errors.InvitationEnded):
        services.accept_invitation(secret, user=bob, at=clock.now())
    with pytest.raises(errors.InvitationMissing):
        services.withdraw_invitation(team, shown.public_id, at=clock.now())


def test_whoever_holds_the_link_may_decline_with_or_without_an_account(team: TeamAccess, bob: User) -> None:
    secret = invited(team)

    services.decline_invitation(secret, user_id=None, at=clock.now())
    services.decline_invitation(secret, user_id=None, at=clock.now())

    assert AuditEntry.objects.filter(act="invitation.declined").count() == 1
    with pytest.raises(errors.InvitationEnded):
        services.accept_invitation(secret, user=bob, at=clock.now())


def test_a_member_who_follows_another_invitation_keeps_the_role(team: TeamAccess, bob: User) -> None:
    accounts.confirm_email(bob)
    bob.emailaddress_set.create(email="bob@work.example.com", verified=True, primary=False)
    add_member(team, "viewer", user=bob)

    access = services.accept_invitation(invited(team, "bob@work.example.com", "admin"), user=bob, at=clock.now())

    assert access.role == "viewer"
    assert queries.invitations_of(team.id, at=clock.now()) == []


def test_a_member_is_not_invited_again(team: TeamAccess, bob: User) -> None:
    add_member(team, "viewer", user=bob)

    with pytest.raises(errors.AlreadyMember):
        services.invite(team, email="bob@example.com", role="admin", at=clock.now())


@pytest.mark.parametrize("email", ["", "bob", "bob@", f"{'b' * 64}@{'e' * 190}.example.com", "bob@localhost:x"])
def test_what_is_no_address_is_refused(team: TeamAccess, email: str) -> None:
    with pytest.raises(errors.EmailInvalid):
        services.invite(team, email=email, role="viewer", at=clock.now())


@pytest.mark.parametrize("role", ["owner", "king", ""])
def test_nobody_is_invited_as_owner_or_with_a_role_that_does_not_exist(team: TeamAccess, role: str) -> None:
    with pytest.raises(errors.RoleInvalid):
        services.invite(team, email="bob@example.com", role=role, at=clock.now())


def test_a_personal_team_invites_nobody(ada: User) -> None:
    with pytest.raises(errors.TeamIsPersonal):
        services.invite(services.personal_team_of(ada), email="bob@example.com", role="viewer", at=clock.now())


@pytest.mark.parametrize("role", ["billing", "developer", "viewer"])
def test_only_owner_and_admin_invite(team: TeamAccess, role: str) -> None:
    member = access_of(add_member(team, role), team)

    with pytest.raises(errors.PermissionMissing):
        services.invite(member, email="bob@example.com", role="viewer", at=clock.now())


def test_a_right_that_ended_a_moment_ago_is_no_right(team: TeamAccess) -> None:
    admin = add_member(team, "admin")
    stale = access_of(admin, team)
    services.change_role(team, admin.pk, role="viewer", at=clock.now())

    with pytest.raises(errors.PermissionMissing):
        services.invite(stale, email="bob@example.com", role="viewer", at=clock.now())


def test_invitations_of_an_hour_are_counted_for_a_team(team: TeamAccess, settings: Any) -> None:
    settings.INVITATIONS_PER_HOUR, at = 2, clock.now()
    other = access_of(add_member(team, "admin"), team)
    invited(team, "one@example.com")
    invited(team, "two@example.com")

    with pytest.raises(errors.InvitationsTooFast):
        services.invite(other, email="three@example.com", role="viewer", at=at)

    services.invite(other, email="three@example.com", role="viewer", at=at + timedelta(hours=2))


def test_invitations_of_an_hour_are_counted_for_a_person_too(ada: User, team: TeamAccess, settings: Any) -> None:
    settings.INVITATIONS_PER_HOUR = 2
    invited(team, "one@example.com")
    invited(make_team("Other", owner=ada), "one@example.com")

    with pytest.raises(errors.InvitationsTooFast):
        invited(make_team("Third", owner=ada), "one@example.com")


def test_a_mail_that_is_sent_again_counts_too(team: TeamAccess, settings: Any) -> None:
    settings.INVITATIONS_PER_HOUR = 1
    invited(team)
    (shown,) = queries.invitations_of(team.id, at=clock.now())

    with pytest.raises(errors.InvitationsTooFast):
        services.resend_invitation(team, shown.public_id, at=clock.now())


def test_a_team_has_only_so_many_open_invitations(team: TeamAccess, settings: Any) -> None:
    settings.OPEN_INVITATIONS_PER_TEAM = 1
    invited(team)

    with pytest.raises(errors.InvitationsExhausted):
        invited(team, "eve@example.com")


def test_those_who_are_invited_count_as_members(team: TeamAccess, settings: Any) -> None:
    settings.MEMBERS_PER_TEAM = 2
    invited(team)

    with pytest.raises(errors.MembersExhausted):
        invited(team, "eve@example.com")


def test_nobody_joins_a_full_team(team: TeamAccess, bob: User, settings: Any) -> None:
    secret = invited(team)
    settings.MEMBERS_PER_TEAM = 1

    with pytest.raises(errors.MembersExhausted):
        services.accept_invitation(secret, user=bob, at=clock.now())


def test_nobody_joins_more_teams_than_one_may(team: TeamAccess, bob: User, settings: Any) -> None:
    settings.TEAMS_PER_USER = 1
    make_team("Bob's", owner=bob)

    with pytest.raises(errors.TeamsExhausted):
        services.accept_invitation(invited(team), user=bob, at=clock.now())


def test_whoever_may_no_longer_invite_leaves_no_door_open(team: TeamAccess) -> None:
    admin = joined(team, "mallory@example.com", "admin")
    secret = invited(access_of(admin, team), "second@example.com", "admin")

    services.remove_member(team, admin.pk, at=clock.now())

    with pytest.raises(errors.InvitationEnded):
        services.accept_invitation(secret, user=make_user("second@example.com"), at=clock.now())


def test_an_admin_who_becomes_a_viewer_leaves_no_door_open_either(team: TeamAccess) -> None:
    admin = joined(team, "mallory@example.com", "admin")
    invited(access_of(admin, team), "second@example.com")

    services.change_role(team, admin.pk, role="viewer", at=clock.now())

    assert queries.invitations_of(team.id, at=clock.now()) == []


def test_a_suspended_inviter_lets_nobody_in(team: TeamAccess, bob: User) -> None:
    eve = access_of(add_member(team, "admin"), team)
    secret = invited(eve, role="admin")
    User.objects.filter(pk=eve.user_id).update(is_active=False)

    with pytest.raises(errors.InvitationEnded):
        services.accept_invitation(secret, user=bob, at=clock.now())

    offer = queries.offer_behind(secret, reader_id=bob.pk, at=clock.now())
    assert offer is not None
    assert not offer.is_open


def test_the_mail_speaks_the_language_of_the_invited_or_else_of_the_inviter(ada: User, team: TeamAccess) -> None:
    accounts.choose_language(ada, language="zh-hans")
    accounts.choose_language(make_user("bob@example.com"), language="en")

    invited(team, "bob@example.com")
    invited(team, "new@example.com")

    mails = OutboxMessage.objects.filter(kind="team.invited").order_by("pk")
    assert [mail.payload["reader"]["language"] for mail in mails] == ["en", "zh-hans"]


def test_inviter_and_owner_hear_of_who_joined(team: TeamAccess) -> None:
    admin = joined(team, "admin@example.com", "admin")
    OutboxMessage.objects.all().delete()
    bob = make_user("bob@example.com")

    services.accept_invitation(invited(access_of(admin, team)), user=bob, at=clock.now())

    told = OutboxMessage.objects.filter(kind="team.joined")
    assert sorted(told.values_list("recipient", flat=True)) == ["ada@example.com", "admin@example.com"]


def test_a_link_shows_a_stranger_the_team_and_who_invites_and_nothing_more(team: TeamAccess) -> None:
    offer = queries.offer_behind(invited(team), reader_id=make_user("eve@example.com").pk, at=clock.now())

    assert offer is not None
    assert (offer.team, offer.inviter, offer.masked_email) == ("Acme", "ada@example.com", "b…@example.com")
    assert (offer.is_for_reader, offer.is_member, offer.role) == (False, False, "")


def test_a_secret_of_nobody_offers_nothing(team: TeamAccess) -> None:
    secret = invited(team)

    for noise in ("", "inv_", secret[:-1], secret[:-1] + "\0", public_id("inv", uuid7())):
        assert queries.offer_behind(noise, reader_id=None, at=clock.now()) is None


def test_a_closed_team_takes_nobody(team: TeamAccess, bob: User) -> None:
    secret = invited(team)

    services.close_team(team.id, actor=team.user_id, at=clock.now())

    with pytest.raises(errors.InvitationEnded):
        services.accept_invitation(secret, user=bob, at=clock.now())


@pytest.mark.parametrize(
    ("email", "shown"),
    [("ada@example.com", "a…@example.com"), ("a@example.com", "…@example.com"), ("李雷@例子.cn", "李…@例子.cn")],
)
def test_an_address_is_masked_so_that_its_owner_knows_it(email: str, shown: str) -> None:
    assert queries.masked(email) == shown
