"""Closing an account: the personal team by the rules of any team, every way in, every name; and the books are right."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress

from apps.accounts import errors
from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.accounts.queries import exports_of
from apps.accounts.types import ExportState
from apps.console.closing.errors import StillOpen
from apps.console.closing.people import close_account
from apps.console.closing.teams import close_team
from apps.console.closing.types import GivenUp
from apps.core import clock
from apps.core.ids import uuid7
from apps.journal.models import AuditEntry, OperatorAlert, OutboxMessage
from apps.marketplace import queries as marketplace
from apps.marketplace import services as marketplace_services
from apps.marketplace.models import PriceSubscription
from apps.promotions.models import Reward, RewardBalance
from apps.relay.models import ApiToken
from apps.teams import queries
from apps.teams import services as teams
from apps.teams.models import Invitation, Membership, Team
from apps.teams.types import TeamAccess
from apps.verification.models import Verification
from apps.wallet import services as wallet
from apps.wallet.errors import BalanceDiffers
from apps.wallet.models import Account
from apps.wallet.types import HoldRequest, Mandate, Refusal
from tests.cast import (
    access_of,
    add_member,
    grant,
    make_personal_token,
    make_team,
    make_token,
    make_user,
    refusal_of_a_call,
)
from tests.catalogue import import_test_catalogue
from tests.marketplace.alerts import subscribed, wish
from tests.promotions import stage
from tests.verification.papers import apply
from tests.verification.papers import approve as approve_papers
from tests.wallet.purses import CREDIT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledger_checked")]


@pytest.fixture
def bob() -> User:
    """Somebody with a name and an empty personal team."""
    user = make_user("bob@example.com")
    user.name = "Bob Builder"
    user.save()
    teams.personal_team_of(user)
    return user


def close(user: User, *, balance: int = 0, reward: int = 0) -> None:
    close_account(user.pk, given_up=GivenUp(balance * CREDIT, reward * CREDIT), at=clock.now())


def reasons_against(user: User, **given_up: int) -> list[str]:
    with pytest.raises(StillOpen) as refused:
        close(user, **given_up)
    user.refresh_from_db()
    assert user.is_active
    return [reason.text for reason in refused.value.reasons]


# -- What stands against it -----------------------------------------------------------------------


def test_an_owner_with_other_members_hands_over_or_closes_first(bob: User) -> None:
    crew = make_team("Crew", owner=bob, credits="0")
    add_member(crew, "viewer")

    assert reasons_against(bob) == ["You own the team Crew, which has other members. Hand it over or close it."]


def test_an_owner_alone_closes_the_team_first(bob: User) -> None:
    make_team("Solo", owner=bob, credits="0")

    assert reasons_against(bob) == ["You own the team Solo. Close it first."]


def test_a_call_of_the_personal_team_keeps_the_account_open(bob: User) -> None:
    own = teams.personal_team_of(bob)
    grant(own, "5")
    token, _ = make_token(own)
    call = HoldRequest(uuid7(), (token.account_id, own.wallet_id), CREDIT, tokens=0)
    wallet.authorise(call, owner_id=wallet.register_owner("test"))

    assert reasons_against(bob, balance=4) == [
        "1 call is still under way. It ends by itself; then load this page again."
    ]


def test_a_verification_that_is_being_checked_keeps_it_open(bob: User) -> None:
    apply(bob)

    assert reasons_against(bob) == ["A verification is being checked. The decision takes a few working days."]


def test_a_pending_reward_keeps_it_open_one_that_an_operator_holds_does_not(bob: User) -> None:
    stage.make_campaign("verified", "inviter", amount_nanos=5 * CREDIT, delay_days=7)
    referral = stage.make_referral(bob)
    stage.approve(referral.invitee, at=stage.on(5, 3))

    assert reasons_against(bob) == ["1 reward for an invitation is still pending."]

    Reward.objects.update(held_at=clock.now())
    close(bob)


def test_staff_do_not_close_themselves(bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(is_staff=True)

    assert reasons_against(bob) == ["Your account opens the back office. Have that right taken away first."]


def test_another_balance_than_the_one_typed_closes_nothing(bob: User) -> None:
    grant(teams.personal_team_of(bob), "5")

    with pytest.raises(BalanceDiffers):
        close(bob, balance=4)
    with pytest.raises(BalanceDiffers):
        close(bob, balance=5, reward=1)

    bob.refresh_from_db()
    assert bob.is_active


def test_the_reward_balance_must_be_typed_as_well(bob: User) -> None:
    stage.make_campaign("verified", "inviter", amount_nanos=5 * CREDIT, delay_days=0)
    stage.approve(stage.make_referral(bob).invitee, at=stage.on(5, 3))
    stage.promotions.release_due_rewards(at=stage.on(5, 4))

    with pytest.raises(BalanceDiffers):
        close(bob)

    close(bob, reward=5)
    account = Account.objects.get(pk=RewardBalance.objects.get(user=bob).account_id)
    assert (account.available_nanos, account.closed_at is not None) == (0, True)
    assert Reward.objects.get().given_up_nanos == 5 * CREDIT


# -- What ends ------------------------------------------------------------------------------------


def test_the_person_is_told_at_the_address_that_is_then_forgotten(bob: User) -> None:
    close(bob)

    mail = OutboxMessage.objects.get(kind="account.closed")
    assert (mail.recipient, mail.payload["reader"]["name"]) == ("bob@example.com", "Bob Builder")
    bob.refresh_from_db()
    assert (bob.email, bob.name, bob.is_active) == (f"closed-account-{bob.pk}", "", False)
    assert not EmailAddress.objects.filter(user=bob).exists()


def test_the_personal_team_closes_with_what_it_had(bob: User) -> None:
    own = teams.personal_team_of(bob)
    grant(own, "5")
    token, _ = make_token(own)
    make_personal_token(own)

    close(bob, balance=5)

    team = Team.objects.get(pk=own.id)
    assert team.closed_at is not None
    assert refusal_of_a_call(own, token) is Refusal.CLOSED
    wallet_row = Account.objects.get(pk=own.wallet_id)
    assert (wallet_row.available_nanos, wallet_row.label) == (0, f"Closed account {bob.pk}")


def test_memberships_end_and_tokens_made_there_stop(bob: User, team: TeamAccess) -> None:
    at_acme = access_of(add_member(team, "developer", user=bob), team)
    token, _ = make_token(at_acme, "bobs")
    teams.set_member_budget(team, bob.pk, limit_nanos=CREDIT, at=clock.now())

    close(bob)

    assert not Membership.objects.filter(user=bob, team_id=team.id).exists()
    assert refusal_of_a_call(team, token) is Refusal.CLOSED
    assert Team.objects.get(pk=team.id).closed_at is None
    assert ApiToken.objects.get(pk=token.pk).deleted_at is None


def test_no_account_of_the_ledger_keeps_the_address(bob: User, team: TeamAccess) -> None:
    """Budgets are labelled with it: in the own team, in one that is left, in one that was left, in one that closed."""
    left, closed = make_team("Left"), make_team("Closed", credits="0")
    for other in (team, left, closed):
        add_member(other, "developer", user=bob)
    own = teams.personal_team_of(bob)
    for access in (own, team, left, closed):
        teams.set_member_budget(access, bob.pk, limit_nanos=CREDIT, at=clock.now())
    assert Account.objects.filter(label=bob.email).count() == 5
    teams.leave_team(access_of(bob, left), at=clock.now())
    close_team(closed, given_up=GivenUp(), at=clock.now())

    close(bob)

    assert not Account.objects.filter(label__contains="bob@").exists()


def test_documents_of_verifications_go_and_the_subject_stays_known(bob: User) -> None:
    approve_papers(apply(bob))

    close(bob)

    row = Verification.objects.get()
    assert (bytes(row.sealed), row.status) == (b"", "approved")


def test_the_trail_keeps_every_line_and_says_closed_account(bob: User, team: TeamAccess) -> None:
    teams.invite(team, email="bob@example.com", role="developer", at=clock.now())
    add_member(team, "developer", user=bob)
    before = AuditEntry.objects.count()

    close(bob)

    texts = [str(entry.details) + entry.actor_label for entry in AuditEntry.objects.all()]
    assert len(texts) > before
    assert not [text for text in texts if "bob@example.com" in text or "Bob Builder" in text]
    left = AuditEntry.objects.get(act="member.left")
    assert (left.details, left.scope) == ({"name": "Closed account"}, team.public_id)


def test_invitations_that_are_over_forget_the_address_open_ones_end_by_themselves(bob: User, team: TeamAccess) -> None:
    teams.invite(team, email="bob@example.com", role="viewer", at=clock.now() - timedelta(days=8))
    other = make_team("Other")
    teams.invite(other, email="bob@example.com", role="viewer", at=clock.now())

    close(bob)

    emails = dict(Invitation.objects.values_list("team__name", "email"))
    assert emails == {"Acme": f"closed-account-{bob.pk}", "Other": "bob@example.com"}


def test_exports_go(bob: User) -> None:
    accounts.ask_export(bob.pk, at=clock.now())

    close(bob)

    assert exports_of(bob.pk, at=clock.now())[0].state == ExportState.FAILED


def test_the_same_address_comes_again_as_somebody_new(bob: User) -> None:
    close(bob)

    again = make_user("bob@example.com")

    assert queries.teams_of(again.pk) == []
    assert teams.personal_team_of(again).wallet_id != Team.objects.get(personal_of=bob).wallet_id
    again.name = ""
    close(again)


def test_verification_credits_are_not_paid_twice_to_a_person_who_comes_again(bob: User) -> None:
    stage.make_campaign("verified", "self", amount_nanos=10 * CREDIT)
    at = stage.on(5, 3)
    User.objects.filter(pk=bob.pk).update(joined_at=stage.APRIL_TWENTIETH)
    bob.refresh_from_db()
    assert stage.approve(bob, at=at, subject="the-subject") == 10 * CREDIT
    close(bob, balance=10)

    again = stage.make_person(email="bob@example.com")

    assert stage.approve(again, at=at, subject="the-subject") == 0


def test_the_second_closing_finds_no_account(bob: User) -> None:
    close(bob)

    with pytest.raises(errors.AccountClosed):
        close(bob)


def test_a_reward_that_was_added_later_is_there_and_alarms(bob: User) -> None:
    stage.make_campaign("verified", "inviter", amount_nanos=5 * CREDIT, delay_days=0)
    stage.approve(stage.make_referral(bob).invitee, at=stage.on(5, 3))
    stage.promotions.release_due_rewards(at=stage.on(5, 4))
    close(bob, reward=5)
    account = RewardBalance.objects.get(user=bob).account_id

    wallet.add_reward(account, Mandate("late", "late", actor=None), amount_nanos=CREDIT)

    assert Account.objects.get(pk=account).available_nanos == CREDIT
    assert OperatorAlert.objects.get(kind="credits-after-closing").details["account"] == account
    wallet.take_reward(account, Mandate("late:back", "late", actor=None), amount_nanos=CREDIT)


def test_price_alerts_end_with_the_account_whoever_asked_for_them(bob: User) -> None:
    import_test_catalogue()
    at = clock.now()
    sight = marketplace.sight_of_person(bob.pk, at=at)
    marketplace_services.add_own_alert(wish(), user_id=bob.pk, email=bob.email, sight=sight, at=at)
    subscribed(bob.email, wish("model", "chat-small"), at=at)
    marketplace_services.add_team_alert(wish(), access_of(bob, teams.personal_team_of(bob)), at=at)
    subscribed("eve@example.com", wish(), at=at)

    close(bob)

    assert list(PriceSubscription.objects.values_list("email", flat=True)) == ["eve@example.com"]
