"""Credits for verification: once a subject and kind, the difference on upgrade, taken back when it is revoked."""

from datetime import timedelta

import pytest

from apps.core.ids import uuid7
from apps.journal.models import OperatorAlert
from apps.promotions import services as promotions
from apps.promotions.models import Campaign, Credit
from apps.teams import services as teams
from apps.wallet import queries as wallet
from apps.wallet import services as ledger
from apps.wallet.types import TASKS_OWNER, HoldRequest, SettleEntry
from tests.cast import make_token
from tests.promotions.stage import CREDIT, MAY_FIRST, approve, balance_of, make_campaign, make_person, on, subject_of

pytestmark = pytest.mark.django_db


def ten_and_fifty(**more):
    return make_campaign("verified", "self", amount_nanos=10 * CREDIT, enterprise_nanos=50 * CREDIT, **more)


def test_an_approval_grants_a_lot_of_verification_credits():
    version, person = ten_and_fifty(valid_days=20_000), make_person()

    assert approve(person, at=on(5, 3)) == 10 * CREDIT

    [lot] = wallet.lots_of(teams.personal_team_of(person).wallet_id)
    assert (lot.source, lot.granted_nanos, lot.spend_until) == (
        "verification",
        10 * CREDIT,
        on(5, 3) + timedelta(days=20_000),
    )
    credit = Credit.objects.get(user=person)
    assert (credit.outcome, credit.version) == ("granted", version)


def test_the_same_approval_again_grants_nothing_more():
    ten_and_fifty()
    person = make_person()
    subject = subject_of(person, at=on(5, 3))

    first = promotions.credit_verification(subject, at=on(5, 3))
    again = promotions.credit_verification(subject, at=on(5, 4))

    assert (first, again) == (10 * CREDIT, 10 * CREDIT)
    assert balance_of(person) == 10 * CREDIT


def test_the_same_id_on_a_second_account_grants_nothing():
    ten_and_fifty()
    first, second = make_person(), make_person()

    assert approve(first, at=on(5, 3), subject="one id") == 10 * CREDIT
    assert approve(second, at=on(5, 4), subject="one id") == 0

    assert balance_of(second) == 0
    assert Credit.objects.get(user=second).outcome == "duplicate"


def test_enterprise_after_personal_adds_the_difference():
    ten_and_fifty()
    person = make_person()

    assert approve(person, at=on(5, 3)) == 10 * CREDIT
    assert approve(person, at=on(5, 4), kind="enterprise") == 40 * CREDIT

    assert balance_of(person) == 50 * CREDIT


def test_personal_after_enterprise_adds_nothing():
    ten_and_fifty()
    person = make_person()
    approve(person, at=on(5, 3), kind="enterprise")

    assert approve(person, at=on(5, 4)) == 0


@pytest.mark.parametrize(("stacking", "second"), [("full", 50 * CREDIT), ("none", 0)])
def test_other_stackings_pay_all_or_nothing_for_the_second_kind(stacking, second):
    ten_and_fifty(stacking=stacking)
    person = make_person()
    approve(person, at=on(5, 3))

    assert approve(person, at=on(5, 4), kind="enterprise") == second


def test_an_account_of_thirty_days_is_new_and_one_of_thirty_one_is_not():
    ten_and_fifty(new_user_days=30)
    young, old = make_person(on(4, 10)), make_person(on(4, 9))

    assert approve(young, at=on(5, 20), submitted_at=on(5, 10)) == 10 * CREDIT
    assert approve(old, at=on(5, 20), submitted_at=on(5, 10)) == 0

    assert Credit.objects.get(user=old).outcome == "not_new"


def test_what_was_approved_without_a_campaign_is_not_paid_for_later():
    person = make_person(on(4, 20))
    assert approve(person, at=on(4, 30), subject="id") == 0

    ten_and_fifty()

    assert approve(person, at=on(5, 3), subject="id") == 0
    assert approve(make_person(), at=on(5, 3), subject="id") == 0


def test_the_budget_of_a_campaign_bounds_what_it_grants():
    ten_and_fifty(budget_nanos=15 * CREDIT)
    people = [make_person() for _ in range(3)]

    assert [approve(person, at=on(5, 3)) for person in people] == [10 * CREDIT, 5 * CREDIT, 0]


def test_of_a_revoked_verification_what_is_spent_stays_spent_and_an_operator_hears():
    ten_and_fifty()
    person = make_person()
    subject = subject_of(person, at=on(5, 3))
    promotions.credit_verification(subject, at=on(5, 3))
    call = HoldRequest(
        uuid7(), (make_token(teams.personal_team_of(person))[0].account_id, subject.wallet_id), 4 * CREDIT, tokens=0
    )
    assert ledger.authorise(call, owner_id=TASKS_OWNER).refusal is None
    ledger.settle_hold(SettleEntry(call.call_id, call.accounts, 4 * CREDIT, tokens=0))

    taken = promotions.take_back_verification(subject.verification_id, reason="forged", actor=None, at=on(5, 4))

    assert (taken, balance_of(person)) == (6 * CREDIT, 0)
    told = OperatorAlert.objects.get(kind="credits-of-revoked-verification").details
    assert (told["granted"], told["not_taken_back"]) == ("10", "4")
    [campaign] = Campaign.objects.filter(versions__starts_at=MAY_FIRST)
    assert campaign.committed_nanos == 4 * CREDIT


def test_a_revoked_verification_gives_back_what_is_unspent():
    ten_and_fifty()
    person = make_person()
    subject = subject_of(person, at=on(5, 3))
    promotions.credit_verification(subject, at=on(5, 3))

    taken = [
        promotions.take_back_verification(subject.verification_id, reason="forged", actor=None, at=on(5, day))
        for day in (4, 5)
    ]

    assert taken == [10 * CREDIT, 10 * CREDIT]
    assert balance_of(person) == 0
