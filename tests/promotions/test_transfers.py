"""Rewards move to a balance when their owner says so; a refund afterwards is made up for by later rewards."""

import pytest

from apps.journal.models import AuditEntry, OperatorAlert
from apps.promotions import errors
from apps.promotions import services as promotions
from apps.teams import services as teams
from apps.teams.errors import PermissionMissing, TeamMissing
from apps.wallet import queries as wallet
from apps.wallet.types import Mandate
from tests.cast import access_of, add_member, make_team
from tests.promotions.stage import (
    CREDIT,
    balance_of,
    earn,
    make_person,
    on,
    parts_of,
    refund,
    rewards_account,
    rewards_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def inviter():
    """Somebody with 15 credits of available rewards: 10, then 5."""
    person = make_person(on(1, 1))
    for amount in ("10", "5"):
        earn(person, amount, at=on(5, 3))
        promotions.release_due_rewards(at=on(5, 3))
    return person


def transfer(user, amount, *, key, team=None):
    team = team or teams.personal_team_of(user)
    return promotions.transfer_rewards(team, amount_nanos=amount, key=key, at=on(5, 4))


def parts(user):
    return [parts_of(reward) for reward in rewards_of(user)]


def test_a_transfer_becomes_a_lot_that_can_be_spent_and_not_paid_back(inviter):
    moved = transfer(inviter, 12 * CREDIT, key="a")

    [lot] = wallet.lots_of(teams.personal_team_of(inviter).wallet_id)
    assert (lot.source, lot.granted_nanos, lot.is_paid, lot.refund_until) == ("referral", 12 * CREDIT, False, None)
    assert (rewards_account(inviter), moved.amount_nanos) == (3 * CREDIT, 12 * CREDIT)
    assert AuditEntry.objects.get(act="reward.transferred").target_id == moved.public_id


def test_the_rewards_that_came_first_are_moved_first(inviter):
    transfer(inviter, 12 * CREDIT, key="a")

    assert parts(inviter) == [("transferred", 0, 10, 0, 0), ("available", 0, 2, 0, 3)]


def test_of_two_transfers_of_10_with_15_the_second_is_refused(inviter):
    transfer(inviter, 10 * CREDIT, key="a")

    with pytest.raises(errors.RewardsTooLow):
        transfer(inviter, 10 * CREDIT, key="b")

    assert (rewards_account(inviter), balance_of(inviter)) == (5 * CREDIT, 10 * CREDIT)


def test_the_same_form_sent_twice_moves_once(inviter):
    first, again = (transfer(inviter, 10 * CREDIT, key="a") for _ in range(2))

    assert first == again
    assert rewards_account(inviter) == 5 * CREDIT


def test_the_same_key_with_another_amount_is_refused(inviter):
    transfer(inviter, 10 * CREDIT, key="a")

    with pytest.raises(errors.TransferKeyReused):
        transfer(inviter, 2 * CREDIT, key="a")


@pytest.mark.parametrize("amount", [-CREDIT, 0, 1, CREDIT - 1])
def test_less_than_one_credit_is_not_moved(inviter, amount):
    with pytest.raises(errors.RewardTooSmall):
        transfer(inviter, amount, key="a")


def test_exactly_the_least_and_exactly_everything_are_moved(inviter):
    transfer(inviter, CREDIT, key="a")
    transfer(inviter, 14 * CREDIT, key="b")

    assert rewards_account(inviter) == 0


def test_somebody_without_rewards_is_told_so():
    with pytest.raises(errors.RewardsTooLow):
        transfer(make_person(), CREDIT, key="a")


def test_rewards_move_to_a_team_only_where_one_may_change_its_wallet(inviter):
    team = make_team("Acme", credits="0")
    billing, viewer = (
        access_of(add_member(team, role, user=inviter if role == "billing" else None), team)
        for role in ("billing", "viewer")
    )

    transfer(inviter, 10 * CREDIT, key="a", team=billing)
    with pytest.raises(PermissionMissing):
        transfer(inviter, CREDIT, key="b", team=viewer)

    assert wallet.balance_of(team.wallet_id).balance_nanos == 10 * CREDIT


def test_nothing_moves_to_a_team_that_was_closed_or_left_after_the_page_was_loaded(inviter):
    closed, left = (make_team(name, credits="0") for name in ("Closed", "Left"))
    reached = [access_of(add_member(team, "billing", user=inviter), team) for team in (closed, left)]
    teams.close_team(closed.id, actor=closed.user_id, at=on(5, 4))
    teams.leave_team(reached[1], at=on(5, 4))

    for team in reached:
        with pytest.raises(TeamMissing):
            transfer(inviter, CREDIT, key=team.public_id, team=team)

    assert rewards_account(inviter) == 15 * CREDIT


def test_a_refund_after_the_transfer_is_taken_from_what_the_balance_still_has(inviter):
    transfer(inviter, 10 * CREDIT, key="a")

    refund(rewards_of(inviter)[0].order_key, "4/10", at=on(5, 5))

    assert parts(inviter) == [("transferred", 4, 10, 0, 0), ("available", 0, 0, 4, 1)]
    assert (rewards_account(inviter), balance_of(inviter)) == (CREDIT, 10 * CREDIT)


def test_a_refund_of_all_that_was_transferred_is_made_up_for_by_the_next_rewards(inviter):
    transfer(inviter, 15 * CREDIT, key="a")
    refund(rewards_of(inviter)[0].order_key, "10/10", at=on(5, 5))
    assert (rewards_account(inviter), balance_of(inviter)) == (0, 15 * CREDIT)

    for amount in ("4", "9"):
        earn(inviter, amount, at=on(5, 6))
    promotions.release_due_rewards(at=on(5, 6))

    assert parts(inviter)[2:] == [("transferred", 0, 0, 4, 0), ("available", 0, 0, 6, 3)]
    assert rewards_account(inviter) == 3 * CREDIT


def test_given_up_rewards_are_gone_for_good(inviter):
    for _ in range(2):
        promotions.give_up_rewards(inviter.pk, Mandate("bye", "closing", actor=inviter.pk), amount_nanos=15 * CREDIT)

    assert rewards_account(inviter) == 0
    assert [reward.given_up_nanos for reward in rewards_of(inviter)] == [10 * CREDIT, 5 * CREDIT]


def test_whoever_goes_with_more_reversed_than_is_left_is_told_of_to_operators(inviter):
    transfer(inviter, 15 * CREDIT, key="a")
    refund(rewards_of(inviter)[0].order_key, "10/10", at=on(5, 5))

    promotions.give_up_rewards(inviter.pk, Mandate("bye", "closing", actor=inviter.pk), amount_nanos=0)

    alert = OperatorAlert.objects.get(kind="reward-shortfall-left")
    assert alert.details == {"user": inviter.pk, "credits": "10"}
