"""The inviter's reward for an invitee's first approval: May's campaign to the day, and never afterwards."""

import pytest

from apps.accounts import services as accounts
from apps.accounts.types import Visit
from apps.promotions.models import Reward
from tests.promotions.stage import (
    CREDIT,
    amounts_of,
    approve,
    five_in_may,
    make_person,
    make_referral,
    on,
    rewards_of,
)

pytestmark = pytest.mark.django_db


def test_registered_in_april_and_approved_on_the_third_of_may_earns_five():
    version, referral = five_in_may(), make_referral(joined_at=on(4, 20))

    approve(referral.invitee, at=on(5, 3))

    [reward] = rewards_of(referral.inviter)
    assert (reward.amount_nanos, reward.status, reward.version) == (5 * CREDIT, "pending", version)


@pytest.mark.parametrize(
    ("at", "amounts"),
    [
        (on(4, 30, hour=23), []),
        (on(5, 1, hour=0), [5 * CREDIT]),
        (on(5, 31, hour=23), [5 * CREDIT]),
        (on(6, 1, hour=0), []),
    ],
)
def test_the_days_of_the_campaign_are_business_days_of_the_platform(at, amounts):
    five_in_may()
    referral = make_referral()

    approve(referral.invitee, at=at)

    assert amounts_of(referral.inviter) == amounts


def test_a_later_campaign_is_not_retroactive():
    referral = make_referral()
    approve(referral.invitee, at=on(4, 30))

    five_in_may()
    approve(referral.invitee, at=on(5, 3), kind="enterprise")

    assert amounts_of(referral.inviter) == []


def test_registering_alone_earns_nothing():
    five_in_may()

    assert amounts_of(make_referral().inviter) == []


def test_the_second_kind_of_verification_earns_nothing_more():
    five_in_may()
    referral = make_referral()

    approve(referral.invitee, at=on(5, 3))
    approve(referral.invitee, at=on(5, 4), kind="enterprise")

    assert amounts_of(referral.inviter) == [5 * CREDIT]


def test_somebody_without_an_inviter_earns_nobody_anything():
    five_in_may()

    approve(make_person(), at=on(5, 3))

    assert not Reward.objects.exists()


def test_an_invitee_with_the_inviters_id_earns_a_blocked_reward_of_which_nothing_is_paid():
    version, referral = five_in_may(), make_referral()
    approve(referral.inviter, at=on(5, 2), subject="one id")

    approve(referral.invitee, at=on(5, 3), subject="one id")

    [reward] = rewards_of(referral.inviter)
    assert (reward.status, reward.block_reason) == ("blocked", "same_subject")
    version.campaign.refresh_from_db()
    assert version.campaign.committed_nanos == 0


def test_an_invitee_on_the_inviters_browser_earns_a_blocked_reward():
    five_in_may()
    referral, visit = make_referral(), Visit("Firefox", "192.0.2.7")
    secret = accounts.device_secret("")
    for person in (referral.inviter, referral.invitee):
        accounts.note_sign_in(person.pk, secret=secret, visit=visit, at=on(5, 2))

    approve(referral.invitee, at=on(5, 3))

    assert [reward.block_reason for reward in rewards_of(referral.inviter)] == ["same_device"]


def test_an_id_that_somebody_else_was_verified_with_earns_a_blocked_reward():
    five_in_may()
    referral = make_referral()
    approve(make_person(), at=on(5, 2), subject="one id")

    approve(referral.invitee, at=on(5, 3), subject="one id")

    assert [reward.block_reason for reward in rewards_of(referral.inviter)] == ["known_subject"]


def test_a_cap_for_each_inviter_and_month_cuts_the_reward_that_passes_it():
    five_in_may(per_inviter_nanos=12 * CREDIT, ends_at=on(7, 1, hour=0))
    inviter = make_person(on(1, 1))
    referrals = [make_referral(inviter) for _ in range(5)]

    for referral in referrals[:4]:
        approve(referral.invitee, at=on(5, 3))
    approve(referrals[4].invitee, at=on(6, 1))

    assert amounts_of(inviter) == [5 * CREDIT, 5 * CREDIT, 2 * CREDIT, 0, 5 * CREDIT]
    assert [reward.status for reward in rewards_of(inviter)][3] == "blocked"


def test_the_budget_of_the_campaign_is_shared_by_all_inviters():
    five_in_may(budget_nanos=8 * CREDIT)
    referrals = [make_referral() for _ in range(3)]

    for referral in referrals:
        approve(referral.invitee, at=on(5, 3))

    assert [amounts_of(referral.inviter) for referral in referrals] == [[5 * CREDIT], [3 * CREDIT], [0]]
