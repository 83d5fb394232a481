"""Pending rewards become available on their day: once, unless the inviter is suspended or an operator holds them."""

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.services import close_user, forget_addresses
from apps.journal.models import OutboxMessage
from apps.promotions import errors
from apps.promotions import services as promotions
from apps.promotions.models import Reward, RewardBalance, RewardTransfer
from tests.promotions.stage import (
    CREDIT,
    approve,
    balance_of,
    earn,
    make_campaign,
    make_person,
    make_referral,
    on,
    parts_of,
    pay,
    rewards_account,
    rewards_of,
)

pytestmark = pytest.mark.django_db


def five_with(**terms):
    return make_campaign("verified", "inviter", amount_nanos=5 * CREDIT, enterprise_nanos=5 * CREDIT, **terms)


def verified_reward(inviter=None):
    referral = make_referral(inviter)
    approve(referral.invitee, at=on(5, 3))
    return rewards_of(referral.inviter)[-1]


def test_a_reward_is_available_after_its_delay_and_not_before():
    five_with(delay_days=7)
    reward = verified_reward()

    assert promotions.release_due_rewards(at=on(5, 10, hour=11)) == 0
    assert promotions.release_due_rewards(at=on(5, 10, hour=12)) == 1

    assert parts_of(reward) == ("available", 0, 0, 0, 5)
    assert rewards_account(reward.inviter) == 5 * CREDIT


def test_a_second_sweep_releases_nothing_again_and_tells_nobody_again():
    five_with()
    reward = verified_reward()

    assert [promotions.release_due_rewards(at=on(5, 4)) for _ in range(2)] == [1, 0]

    assert rewards_account(reward.inviter) == 5 * CREDIT
    told = OutboxMessage.objects.get(kind="reward.available")
    assert (told.recipient, told.payload["amount"]) == (reward.inviter.email, "5")


@pytest.mark.parametrize("status", ["available", "transferred", "reversed", "paid out"])
def test_the_database_refuses_a_status_that_a_pending_reward_has_not_come_to(status):
    five_with()
    reward = verified_reward()

    with pytest.raises(IntegrityError, match="reward_status"), transaction.atomic():
        Reward.objects.filter(pk=reward.pk).update(status=status)


def test_two_rewards_of_an_inviter_share_one_balance():
    five_with()
    inviter = make_person(on(1, 1))
    verified_reward(inviter), verified_reward(inviter)

    assert promotions.release_due_rewards(at=on(5, 4)) == 2

    assert rewards_account(inviter) == 10 * CREDIT
    assert RewardBalance.objects.filter(user=inviter).count() == 1


def test_the_reward_of_a_suspended_inviter_is_held_until_they_are_active_again():
    five_with()
    reward = verified_reward()
    inviter = reward.inviter
    inviter.is_active = False
    inviter.save()

    assert promotions.release_due_rewards(at=on(5, 4)) == 0
    inviter.is_active = True
    inviter.save()

    assert promotions.release_due_rewards(at=on(5, 5)) == 1


def test_a_campaign_may_move_rewards_to_the_balance_at_once():
    five_with(auto_transfer=True)
    reward = verified_reward()

    promotions.release_due_rewards(at=on(5, 4))

    assert parts_of(reward) == ("transferred", 0, 5, 0, 0)
    assert (rewards_account(reward.inviter), balance_of(reward.inviter)) == (0, 5 * CREDIT)
    assert RewardTransfer.objects.get().amount_nanos == 5 * CREDIT


def test_an_operator_holds_a_reward_and_lets_it_go():
    five_with()
    reward, operator = verified_reward(), make_person()
    why = {"actor": operator.pk, "at": on(5, 4), "reason": "looks odd"}

    promotions.hold_reward(reward.pk, **why)
    assert promotions.release_due_rewards(at=on(5, 5)) == 0
    with pytest.raises(errors.RewardNotOpen):
        promotions.hold_reward(reward.pk, **why)
    promotions.release_reward(reward.pk, **why)

    assert promotions.release_due_rewards(at=on(5, 5)) == 1


def test_no_operator_releases_an_own_reward():
    five_with()
    reward = verified_reward(make_person(on(1, 1)))
    promotions.hold_reward(reward.pk, actor=make_person().pk, at=on(5, 4), reason="looks odd")

    with pytest.raises(errors.RewardOwn):
        promotions.release_reward(reward.pk, actor=reward.inviter_id, at=on(5, 4), reason="it is mine")


def test_an_operator_releases_what_was_blocked_by_mistake_within_the_caps():
    five_with(per_inviter_nanos=8 * CREDIT)
    referral, operator = make_referral(), make_person()
    approve(referral.inviter, at=on(5, 2), subject="twins")
    approve(referral.invitee, at=on(5, 3), subject="twins")
    blocked = rewards_of(referral.inviter)[0]
    verified_reward(referral.inviter)

    promotions.release_reward(blocked.pk, actor=operator.pk, at=on(5, 4), reason="two people")

    assert parts_of(blocked) == ("pending", 0, 0, 0, 3)


@pytest.mark.parametrize("cap", [None, 5 * CREDIT])
def test_a_blocked_reward_for_a_verification_that_was_revoked_stays_blocked(cap):
    """Also one of which a cap had left nothing, so that there was nothing to reverse."""
    five_with(per_inviter_nanos=cap)
    inviter, operator = make_person(on(1, 1)), make_person()
    first = verified_reward(inviter)
    approve(inviter, at=on(5, 2), subject="one id")
    blocked_of = make_referral(inviter)
    approve(blocked_of.invitee, at=on(5, 3), subject="one id")
    blocked = rewards_of(inviter)[-1]
    assert blocked.status == "blocked"

    for reward in (blocked, first):
        promotions.take_back_verification(reward.verification_id, reason="forged", actor=None, at=on(5, 4))

    with pytest.raises(errors.RewardNotOpen):
        promotions.release_reward(blocked.pk, actor=operator.pk, at=on(5, 5), reason="by mistake")


def test_an_operator_reverses_a_reward_wherever_it_is():
    reward, operator = earn(make_person(on(1, 1)), "10", at=on(5, 3)), make_person()
    promotions.release_due_rewards(at=on(5, 3))

    promotions.reverse_reward(reward.pk, actor=operator.pk, at=on(5, 4), reason="made up")

    assert parts_of(reward) == ("reversed", 10, 0, 0, 0)
    assert rewards_account(reward.inviter) == 0
    with pytest.raises(errors.RewardNotOpen):
        promotions.reverse_reward(reward.pk, actor=operator.pk, at=on(5, 4), reason="again")


def test_a_revoked_verification_reverses_the_inviters_reward():
    five_with()
    reward = verified_reward()
    promotions.release_due_rewards(at=on(5, 4))

    promotions.take_back_verification(reward.verification_id, reason="forged", actor=None, at=on(5, 5))

    assert parts_of(reward) == ("reversed", 5, 0, 0, 0)
    assert rewards_account(reward.inviter) == 0


def test_registering_pays_what_was_in_force_on_the_day_of_joining():
    make_campaign("registered", "inviter", amount_nanos=2 * CREDIT)
    make_campaign("registered", "self", amount_nanos=3 * CREDIT)
    referral = make_referral(make_person(on(4, 20)), joined_at=on(5, 31))

    for _ in range(2):
        promotions.note_registered(referral.inviter.pk, at=on(5, 3))
        promotions.note_registered(referral.invitee.pk, at=on(6, 1))

    assert [reward.amount_nanos for reward in rewards_of(referral.inviter)] == [2 * CREDIT]
    assert (balance_of(referral.inviter), balance_of(referral.invitee)) == (0, 3 * CREDIT)


@pytest.mark.parametrize("address", ["eve@example.com", "eve+again@example.com"])
def test_a_mailbox_that_comes_again_is_not_paid_again(address):
    make_campaign("registered", "inviter", amount_nanos=2 * CREDIT)
    make_campaign("registered", "self", amount_nanos=3 * CREDIT)
    first = make_referral(joined_at=on(5, 1), email="eve@example.com")
    promotions.note_registered(first.invitee.pk, at=on(5, 1))
    close_user(first.invitee.pk, at=on(5, 2))
    forget_addresses()

    again = make_referral(first.inviter, joined_at=on(5, 3), email=address)
    promotions.note_registered(again.invitee.pk, at=on(5, 3))

    assert [reward.amount_nanos for reward in rewards_of(first.inviter)] == [2 * CREDIT]
    assert balance_of(again.invitee) == 0


def test_an_invitee_may_earn_the_inviter_all_three_rewards():
    five_with()
    make_campaign("purchased", "inviter", amount_nanos=CREDIT)
    make_campaign("registered", "inviter", amount_nanos=2 * CREDIT)
    referral = make_referral(joined_at=on(5, 1))

    promotions.note_registered(referral.invitee.pk, at=on(5, 2))
    approve(referral.invitee, at=on(5, 3))
    pay(referral.invitee, "10", at=on(5, 4))

    assert [reward.trigger for reward in rewards_of(referral.inviter)] == ["registered", "verified", "purchased"]
