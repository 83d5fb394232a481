"""A share of each order that an invitee pays, within caps and for a time; a refund takes the same share back."""

from decimal import Decimal

import pytest

from apps.journal.models import OperatorAlert, OutboxMessage
from apps.promotions import services as promotions
from apps.promotions.models import Reward
from tests.promotions.stage import (
    CREDIT,
    amounts_of,
    earn,
    make_campaign,
    make_person,
    make_referral,
    on,
    parts_of,
    pay,
    refund,
    rewards_account,
    rewards_of,
)

pytestmark = pytest.mark.django_db


def five_percent(**more):
    return make_campaign("purchased", "inviter", rate=Decimal("0.05"), delay_days=7, **more)


def test_five_percent_of_200_is_10_and_half_refunded_leaves_5():
    five_percent()
    referral = make_referral()
    order = pay(referral.invitee, "200", at=on(5, 3))

    assert amounts_of(referral.inviter) == [10 * CREDIT]
    assert refund(order, "100/200", at=on(5, 4)) == 5 * CREDIT

    [reward] = rewards_of(referral.inviter)
    assert parts_of(reward) == ("pending", 5, 0, 0, 5)


def test_dollars_count_at_the_rate_in_force():
    five_percent()
    referral = make_referral()

    pay(referral.invitee, "10", currency="USD", at=on(5, 3))

    assert amounts_of(referral.inviter) == [3_500_000_000]  # 10 US$ × 7 credits × 5 %


def test_the_share_is_rounded_down_to_the_nanocredit():
    make_campaign("purchased", "inviter", rate=Decimal("0.00001"))
    referral = make_referral()

    pay(referral.invitee, "0.33", at=on(5, 3))

    assert amounts_of(referral.inviter) == [3_300]


def test_the_same_order_earns_once_and_another_one_again():
    five_percent()
    referral = make_referral()

    for order in ("first", "first", "second"):
        pay(referral.invitee, "100", order=order, at=on(5, 3))

    assert amounts_of(referral.inviter) == [5 * CREDIT, 5 * CREDIT]


def test_a_cap_for_each_invitee_counts_all_of_its_orders():
    five_percent(per_invitee_nanos=8 * CREDIT)
    referral = make_referral()

    for _ in range(3):
        pay(referral.invitee, "100", at=on(5, 3))

    assert [(r.amount_nanos, r.status) for r in rewards_of(referral.inviter)] == [
        (5 * CREDIT, "pending"),
        (3 * CREDIT, "pending"),
        (0, "blocked"),
    ]


def test_what_a_refund_reverses_makes_room_under_the_cap_again():
    five_percent(per_invitee_nanos=8 * CREDIT)
    referral = make_referral()
    order = pay(referral.invitee, "100", at=on(5, 3))

    refund(order, "100/100", at=on(5, 4))
    pay(referral.invitee, "200", at=on(5, 5))

    assert amounts_of(referral.inviter) == [5 * CREDIT, 8 * CREDIT]


def test_purchases_count_for_a_time_after_joining():
    five_percent(new_user_days=10)
    referral = make_referral(joined_at=on(4, 25))

    pay(referral.invitee, "100", at=on(5, 5, hour=23))
    pay(referral.invitee, "100", at=on(5, 6, hour=0))

    assert amounts_of(referral.inviter) == [5 * CREDIT]


def test_the_same_card_as_the_inviters_earns_a_blocked_reward():
    five_percent()
    referral = make_referral()
    pay(referral.inviter, "100", at=on(5, 2), payment_fingerprint="one card")

    pay(referral.invitee, "100", at=on(5, 3), payment_fingerprint="one card")

    assert [(r.status, r.block_reason) for r in rewards_of(referral.inviter)] == [("blocked", "same_payment")]


def test_orders_paid_before_somebody_was_bound_earn_nothing():
    five_percent()
    inviter, invitee = make_person(on(1, 1)), make_person(on(5, 1))
    pay(invitee, "100", at=on(5, 2))
    code = promotions.referral_code_of(inviter.pk, at=on(5, 1))
    promotions.bind_invitee(invitee.pk, code=code, at=on(5, 3))

    pay(invitee, "200", at=on(5, 4))

    assert amounts_of(inviter) == [10 * CREDIT]


def test_refunds_are_told_as_a_sum_and_may_come_twice_and_out_of_order():
    five_percent()
    referral = make_referral()
    order = pay(referral.invitee, "100", at=on(5, 3))

    taken = [refund(order, share, at=on(5, 4)) for share in ("60/100", "60/100", "20/100", "100/100")]

    assert taken == [3 * CREDIT, 0, 0, 2 * CREDIT]
    assert parts_of(rewards_of(referral.inviter)[0]) == ("reversed", 5, 0, 0, 0)


def test_thirds_round_down_together_and_add_up_to_the_whole():
    make_campaign("purchased", "inviter", amount_nanos=10)
    referral = make_referral()
    order = pay(referral.invitee, "3", at=on(5, 3))

    assert [refund(order, f"{paid}/3", at=on(5, 4)) for paid in (1, 2, 3)] == [3, 3, 4]


def test_a_refund_of_an_order_without_a_reward_changes_nothing():
    assert refund("unknown", "1/2", at=on(5, 3)) == 0


def test_what_is_available_is_taken_out_of_the_reward_balance():
    inviter = make_person(on(1, 1))
    reward = earn(inviter, "10", at=on(5, 3))
    promotions.release_due_rewards(at=on(5, 3))

    assert refund(reward.order_key, "4/10", at=on(5, 4)) == 4 * CREDIT

    assert rewards_account(inviter) == 6 * CREDIT
    assert parts_of(reward) == ("available", 4, 0, 0, 6)
    assert OutboxMessage.objects.get(kind="reward.reversed").payload["amount"] == "4"


def test_a_reversed_reward_is_never_released():
    inviter = make_person(on(1, 1))
    reward = earn(inviter, "10", at=on(5, 3))
    refund(reward.order_key, "10/10", at=on(5, 3))

    assert promotions.release_due_rewards(at=on(5, 20)) == 0
    assert Reward.objects.get(pk=reward.pk).status == "reversed"


def test_an_order_of_nothing_earns_nothing_and_less_than_nothing_is_a_mistake():
    five_percent()
    referral = make_referral()

    pay(referral.invitee, "0", at=on(5, 3))
    with pytest.raises(ValueError, match="less than nothing"):
        pay(referral.invitee, "-1", at=on(5, 3))

    assert amounts_of(referral.inviter) == []


def test_money_without_a_rate_does_not_stop_the_order_and_an_operator_hears_of_it():
    five_percent()
    referral = make_referral()

    pay(referral.invitee, "10", currency="EUR", at=on(5, 3))

    assert amounts_of(referral.inviter) == []
    assert OperatorAlert.objects.get().kind == "reward-currency"
