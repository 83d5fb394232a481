"""After every test of promotions the books are right: the ledger's, and what campaigns and balances count."""

from collections.abc import Iterator

import pytest
from django.db.models import F, Sum

from apps.promotions.models import Campaign, Credit, Reward, RewardBalance
from apps.wallet import invariants
from apps.wallet import queries as wallet


@pytest.fixture(autouse=True)
def _books_are_right(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("django_db") is None:
        yield
        return
    request.getfixturevalue("db")
    yield
    _check()


def _check() -> None:
    assert invariants.violations() == []
    for campaign in Campaign.objects.all():
        assert _counted(campaign) == campaign.committed_nanos
    for balance in RewardBalance.objects.all():
        assert _left(balance) == wallet.balance_of(balance.account_id).balance_nanos
        assert _shortfall(balance) == balance.shortfall_nanos


def _counted(campaign: Campaign) -> int:
    credits = Credit.objects.filter(version__campaign=campaign)  # noqa: A001
    rewards = Reward.objects.filter(version__campaign=campaign).exclude(status="blocked")
    granted = credits.aggregate(n=Sum(F("amount_nanos") - F("taken_back_nanos")))["n"] or 0
    return granted + (rewards.aggregate(n=Sum(F("amount_nanos") - F("reversed_nanos")))["n"] or 0)


def _left(balance: RewardBalance) -> int:
    rewards = Reward.objects.filter(inviter_id=balance.user_id, released_at__isnull=False)
    return sum(reward.left_nanos for reward in rewards)


def _shortfall(balance: RewardBalance) -> int:
    rewards = Reward.objects.filter(inviter_id=balance.user_id)
    return sum(reward.shortfall_nanos - reward.set_off_nanos for reward in rewards)
