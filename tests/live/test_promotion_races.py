"""Invitees, inviters and sweeps that act at once, on connections of their own. Controls show it without the locks."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from apps.accounts.models import User
from apps.core import clock
from apps.promotions import campaigns
from apps.promotions import services as promotions
from apps.promotions.errors import InviterKnown, RewardsTooLow
from apps.promotions.models import (
    Campaign,
    CampaignVersion,
    Credit,
    Referral,
    ReferralCode,
    Reward,
    RewardBalance,
    RewardTransfer,
)
from apps.promotions.queries import terms_of, version_in_force
from apps.promotions.services import counters
from apps.promotions.types import Plan
from apps.teams import services as teams
from apps.wallet import invariants
from apps.wallet import queries as wallet
from tests.committed import on_own_connection, together, wait_until_they_wait
from tests.promotions.stage import CREDIT, make_person, refund, subject_of
from tests.promotions.stage import pay as pay_order

pytestmark = pytest.mark.live

INVITEES = 50
FEW = 4


@pytest.fixture(autouse=True)
def _books_add_up(committed_anew: None) -> Iterator[None]:
    """What campaigns and balances count is what their rows add up to, when the test is over."""
    yield
    assert invariants.violations() == []
    for balance in RewardBalance.objects.all():
        rewards = Reward.objects.filter(inviter_id=balance.user_id, released_at__isnull=False)
        left = sum(reward.left_nanos for reward in rewards)
        assert wallet.balance_of(balance.account_id).balance_nanos == left


def now() -> datetime:
    return clock.now() + timedelta(seconds=1)  # after the campaigns of this database began


def inviter_with(invitees: int) -> tuple[User, list[User]]:
    inviter = make_person(clock.now() - timedelta(days=1))
    code = promotions.referral_code_of(inviter.pk, at=now())
    people = [make_person(clock.now()) for _ in range(invitees)]
    for person in people:
        promotions.bind_invitee(person.pk, code=code, at=clock.now())
    return inviter, people


def approvals(people: Sequence[User]) -> list[Callable[[], int]]:
    subjects = [subject_of(person, at=now()) for person in people]
    return [lambda s=subject: promotions.credit_verification(s, at=now()) for subject in subjects]


def campaign(code: str = "referral-verified") -> Campaign:
    return Campaign.objects.get(code=code)


def new_terms(code: str, **changes: Any) -> None:
    version = CampaignVersion.objects.get(campaign__code=code, ends_at=None)
    terms = {name: getattr(terms_of(version), name) for name in terms_of(version).__dataclass_fields__} | changes
    plan = Plan(type(terms_of(version))(**terms))
    promotions.publish_version(version.campaign_id, plan, actor=None, at=clock.now(), reason="for a test")


def rewards_account(inviter: User) -> int:
    return wallet.balance_of(RewardBalance.objects.get(user=inviter).account_id).balance_nanos


def test_fifty_approvals_of_fifty_invitees_at_once_are_fifty_rewards_and_the_exact_sum() -> None:
    """The campaigns that ship pay 5 credits to the inviter, 10 to each invitee."""
    inviter, invitees = inviter_with(INVITEES)

    results = together(approvals(invitees))

    assert results == [10 * CREDIT] * INVITEES
    rewards = Reward.objects.filter(inviter=inviter, status="pending")
    assert (rewards.count(), rewards.aggregate(sum=Sum("amount_nanos"))["sum"]) == (50, 250 * CREDIT)
    assert campaign().committed_nanos == 250 * CREDIT
    assert campaign("verification-credits").committed_nanos == 500 * CREDIT

    together([lambda: promotions.release_due_rewards(at=now() + timedelta(days=1)) for _ in range(FEW)])
    promotions.release_due_rewards(at=now() + timedelta(days=1))

    assert rewards_account(inviter) == 250 * CREDIT
    assert RewardBalance.objects.filter(user=inviter).count() == 1


def test_control_a_counter_that_is_read_and_written_back_loses_rewards() -> None:
    have_read = threading.Barrier(FEW)

    def read_then_write() -> None:
        count = campaign().committed_nanos
        have_read.wait(60)
        Campaign.objects.filter(code="referral-verified").update(committed_nanos=count + 5 * CREDIT)

    together([read_then_write] * FEW)

    assert campaign().committed_nanos == 5 * CREDIT
    Campaign.objects.filter(code="referral-verified").update(committed_nanos=0)


def test_a_cap_holds_for_rewards_that_come_at_once() -> None:
    new_terms("referral-verified", per_inviter_nanos=12 * CREDIT, budget_nanos=100 * CREDIT)
    inviter, invitees = inviter_with(FEW)

    together(approvals(invitees))

    amounts = sorted(Reward.objects.filter(inviter=inviter).values_list("amount_nanos", flat=True))
    assert amounts == [0, 2 * CREDIT, 5 * CREDIT, 5 * CREDIT]


def test_control_without_the_lock_everybody_finds_the_whole_room() -> None:
    new_terms("referral-verified", per_inviter_nanos=12 * CREDIT)
    inviter, invitees = inviter_with(FEW)
    version = version_in_force("verified", "inviter", at=now())
    assert version is not None
    have_read = threading.Barrier(FEW)

    def look(invitee: User) -> int:
        referral = Referral.objects.get(invitee=invitee)
        room = counters.room_for(version, referral_id=referral.pk, inviter_id=inviter.pk, at=now())
        have_read.wait(60)
        return campaigns.within(5 * CREDIT, room)

    assert sum(together([lambda p=person: look(p) for person in invitees])) == 20 * CREDIT


def test_both_kinds_of_one_applicant_at_once_pay_the_difference_once() -> None:
    person = make_person(clock.now())
    subjects = [subject_of(person, at=now(), kind=kind) for kind in ("personal", "enterprise")]

    results = together([lambda s=subject: promotions.credit_verification(s, at=now()) for subject in subjects])

    assert sum(results) == 50 * CREDIT


def test_one_id_on_several_accounts_at_once_is_credited_once() -> None:
    people = [make_person(clock.now()) for _ in range(FEW)]
    subjects = [subject_of(person, at=now(), subject="one id") for person in people]

    results = together([lambda s=subject: promotions.credit_verification(s, at=now()) for subject in subjects])

    assert sorted(results) == [0, 0, 0, 10 * CREDIT]
    assert Credit.objects.exclude(outcome="duplicate").count() == 1


@pytest.fixture
def rich(committed_anew: None) -> User:
    """Somebody with 15 credits of available rewards."""
    inviter, invitees = inviter_with(3)
    for invitee in invitees:
        pay_order(invitee, "100", at=now())
    promotions.release_due_rewards(at=now() + timedelta(days=7))
    return inviter


def test_of_transfers_of_10_with_15_at_once_one_succeeds(rich: User) -> None:
    team = teams.personal_team_of(rich)

    results = together(
        [
            lambda n=n: promotions.transfer_rewards(team, amount_nanos=10 * CREDIT, key=f"click {n}", at=now())
            for n in range(FEW)
        ]
    )

    assert results.count(RewardsTooLow) == FEW - 1
    assert rewards_account(rich) == 5 * CREDIT
    assert wallet.balance_of(team.wallet_id).balance_nanos == 10 * CREDIT


def test_control_without_the_lock_all_of_them_find_enough(rich: User) -> None:
    have_read = threading.Barrier(FEW)

    def look() -> bool:
        enough = rewards_account(rich) >= 10 * CREDIT
        have_read.wait(60)
        return enough

    assert together([look] * FEW) == [True] * FEW


def test_one_form_sent_several_times_at_once_moves_once(rich: User) -> None:
    team = teams.personal_team_of(rich)

    results = together(
        [lambda: promotions.transfer_rewards(team, amount_nanos=4 * CREDIT, key="one form", at=now())] * FEW
    )

    assert len({result.public_id for result in results}) == RewardTransfer.objects.count() == 1
    assert rewards_account(rich) == 11 * CREDIT


def test_transfers_and_refunds_at_once_leave_a_balance_that_adds_up(rich: User) -> None:
    team = teams.personal_team_of(rich)
    orders = list(Reward.objects.values_list("order_key", flat=True))

    together(
        [
            *(lambda o=order: refund(o, "100/100", at=now()) for order in orders),
            lambda: promotions.transfer_rewards(team, amount_nanos=12 * CREDIT, key="all", at=now()),
        ]
    )

    moved = wallet.balance_of(team.wallet_id).balance_nanos
    owed = RewardBalance.objects.get(user=rich).shortfall_nanos
    assert moved == owed
    assert rewards_account(rich) == 0


def test_a_refund_that_meets_the_first_release_ever_of_an_inviter_takes_it_out_of_the_new_balance() -> None:
    """The balance is opened by the sweep: until that commits, nobody else sees it."""
    inviter, (invitee,) = inviter_with(1)
    order = pay_order(invitee, "100", at=now())

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert promotions.release_due_rewards(at=now() + timedelta(days=7)) == 1
            refunding = pool.submit(on_own_connection, lambda: refund(order, "100/100", at=now()))
            wait_until_they_wait(1)
        assert refunding.result() == 5 * CREDIT

    assert rewards_account(inviter) == 0
    assert Reward.objects.get().status == "reversed"


def test_a_sweep_that_is_killed_before_its_commit_has_released_nothing() -> None:
    inviter, invitees = inviter_with(1)
    pay_order(invitees[0], "100", at=now())
    later = now() + timedelta(days=7)

    def killed() -> None:
        with transaction.atomic():
            assert promotions.release_due_rewards(at=later) == 1
            connection.connection.close()
            transaction.set_rollback(True)

    together([killed])
    assert Reward.objects.get().status == "pending"

    assert promotions.release_due_rewards(at=later) == 1
    assert rewards_account(inviter) == 5 * CREDIT


def test_sweeps_at_once_release_each_reward_once() -> None:
    inviters = [inviter_with(2) for _ in range(3)]
    for _inviter, invitees in inviters:
        for invitee in invitees:
            pay_order(invitee, "100", at=now())
    later = now() + timedelta(days=7)

    released = sum(together([lambda: promotions.release_due_rewards(at=later) for _ in range(FEW)]))
    released += promotions.release_due_rewards(at=later)

    assert released == 6
    assert [rewards_account(inviter) for inviter, _ in inviters] == [10 * CREDIT] * 3


def test_doors_that_ask_for_a_code_at_once_get_one() -> None:
    person = make_person(clock.now())

    codes = together([lambda: promotions.referral_code_of(person.pk, at=now())] * FEW)

    assert len(set(codes)) == ReferralCode.objects.filter(user=person).count() == 1


def test_two_inviters_at_once_and_one_of_them_has_the_invitee() -> None:
    inviters = [make_person(clock.now() - timedelta(days=1)) for _ in range(2)]
    codes = [promotions.referral_code_of(inviter.pk, at=now()) for inviter in inviters]
    invitee = make_person(clock.now())

    results = together([lambda c=code: promotions.bind_invitee(invitee.pk, code=c, at=now()) for code in codes])

    assert results.count(InviterKnown) == 1
    assert Referral.objects.filter(invitee=invitee).count() == 1


def test_an_approval_while_terms_are_published_is_decided_by_one_version() -> None:
    inviter, invitees = inviter_with(FEW)

    together([*approvals(invitees), lambda: new_terms("referral-verified", amount_nanos=8 * CREDIT)])

    for reward in Reward.objects.filter(inviter=inviter).select_related("version"):
        assert campaigns.is_in_force(reward.version.starts_at, reward.version.ends_at, at=reward.earned_at)
        assert reward.amount_nanos == reward.version.amount_nanos
