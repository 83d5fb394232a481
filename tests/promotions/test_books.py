"""The nightly look at the books of promotions finds what does not add up, and says so once."""

import pytest
from django.db.models import F

from apps.journal.models import OperatorAlert
from apps.promotions import services as promotions
from apps.promotions.models import Campaign, Reward, RewardBalance
from tests.promotions.stage import CREDIT, earn, make_person, on, refund

pytestmark = [pytest.mark.django_db, pytest.mark.breaks_books]


@pytest.fixture
def reward() -> Reward:
    row = earn(make_person(on(1, 1)), "10", at=on(5, 3))
    promotions.release_due_rewards(at=on(5, 3))
    return row


def test_right_books_open_no_alert(reward):
    refund(reward.order_key, "3/10", at=on(5, 4))

    assert promotions.check_books() == 0
    assert not OperatorAlert.objects.exists()


def test_a_counter_that_lost_a_reward_is_named(reward):
    Campaign.objects.filter(pk=reward.version.campaign_id).update(committed_nanos=F("committed_nanos") - CREDIT)

    assert promotions.check_books() == 1
    assert OperatorAlert.objects.get().details["rows"] == [f"campaign {reward.version.campaign.code}"]


@pytest.mark.parametrize("field", ["set_off_nanos", "moved_nanos"])
def test_a_balance_that_is_not_the_sum_of_its_rewards_is_named(reward, field):
    Reward.objects.filter(pk=reward.pk).update(**{field: 1})

    assert promotions.check_books() == 1


def test_a_shortfall_of_nothing_is_named(reward):
    RewardBalance.objects.update(shortfall_nanos=1)

    assert promotions.check_books() == 1
    assert promotions.check_books() == 1
    assert OperatorAlert.objects.count() == 1
