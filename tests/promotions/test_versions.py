"""Versions of campaigns: published from now or later, never edited; what happened before keeps the terms it had."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from apps.journal.models import AuditEntry
from apps.promotions import campaigns, errors, queries
from apps.promotions import services as promotions
from apps.promotions.models import Campaign, CampaignVersion
from apps.promotions.types import Plan, Terms
from tests.promotions.stage import (
    CREDIT,
    JUNE_FIRST,
    MAY_FIRST,
    TEXTS,
    amounts_of,
    approve,
    five_in_may,
    make_campaign,
    make_person,
    make_referral,
    on,
)

pytestmark = pytest.mark.django_db


def terms(credits=8):  # noqa: A002
    return Terms(**TEXTS, amount_nanos=credits * CREDIT, enterprise_nanos=credits * CREDIT, new_user_days=None)


def publish(version, *, at, starts_at=None, ends_at=JUNE_FIRST, credits=8, **changes):  # noqa: A002
    plan = Plan(replace(terms(credits), **changes), starts_at, ends_at)
    return promotions.publish_version(version.campaign_id, plan, actor=None, at=at, reason="more of it")


def end(version, *, at, ends_at=None):
    promotions.end_version(version.pk, actor=None, at=at, reason="enough", ends_at=ends_at)
    version.refresh_from_db()


def spans(version):
    return [(v.starts_at, v.ends_at) for v in CampaignVersion.objects.filter(campaign=version.campaign).order_by("pk")]


def test_a_new_version_holds_from_now_on_and_earlier_approvals_keep_theirs():
    version, inviter = five_in_may(), make_person(on(1, 1))
    approve(make_referral(inviter).invitee, at=on(5, 3))

    assert publish(version, at=on(5, 10)) == 2
    approve(make_referral(inviter).invitee, at=on(5, 10))

    assert amounts_of(inviter) == [5 * CREDIT, 8 * CREDIT]
    assert spans(version) == [(MAY_FIRST, on(5, 10)), (on(5, 10), JUNE_FIRST)]
    assert AuditEntry.objects.get(act="campaign.published").reason == "more of it"


@pytest.mark.parametrize("beneficiary", ["self", "inviter"])
def test_a_version_published_while_an_approval_was_decided_begins_just_after_it(beneficiary):
    """The approval had the lock, and read a clock that was a second ahead."""
    version = make_campaign("verified", beneficiary, amount_nanos=5 * CREDIT, enterprise_nanos=5 * CREDIT)
    approve(make_referral().invitee, at=on(5, 10) + timedelta(seconds=1))

    publish(version, at=on(5, 10))

    assert spans(version)[1][0] == on(5, 10) + timedelta(seconds=1, microseconds=1)


def test_an_approval_that_is_noted_late_is_decided_by_the_version_of_its_time():
    version, inviter = five_in_may(), make_person(on(1, 1))
    publish(version, at=on(5, 10))

    approve(make_referral(inviter).invitee, at=on(5, 9))

    assert amounts_of(inviter) == [5 * CREDIT]


def test_a_planned_version_begins_on_its_day():
    version = five_in_may()

    publish(version, at=on(5, 10), starts_at=on(5, 20, hour=0))

    assert spans(version) == [(MAY_FIRST, on(5, 20, hour=0)), (on(5, 20, hour=0), JUNE_FIRST)]
    in_force = [
        queries.version_in_force("verified", "inviter", at=on(5, 20, hour=0) + s)
        for s in (timedelta(microseconds=-1), timedelta())
    ]
    assert [found.number for found in in_force] == [1, 2]


def test_a_version_that_would_run_into_a_planned_one_is_refused():
    version = five_in_may()
    publish(version, at=on(5, 10), starts_at=on(5, 20))

    with pytest.raises(errors.VersionPlanned):
        publish(version, at=on(5, 11))
    publish(version, at=on(5, 11), ends_at=on(5, 20))

    assert spans(version)[2] == (on(5, 11), on(5, 20))


def test_a_plan_may_be_withdrawn_before_it_begins():
    version = five_in_may()
    publish(version, at=on(5, 10), starts_at=on(5, 20))
    planned = CampaignVersion.objects.get(campaign=version.campaign, number=2)

    end(planned, at=on(5, 12))

    assert planned.ends_at == planned.starts_at
    assert queries.version_in_force("verified", "inviter", at=on(5, 21)) is None
    publish(version, at=on(5, 13))


def test_a_campaign_ends_early_and_what_was_earned_stays():
    version, inviter = five_in_may(), make_person(on(1, 1))
    approve(make_referral(inviter).invitee, at=on(5, 3))

    end(version, at=on(5, 10))
    approve(make_referral(inviter).invitee, at=on(5, 10))

    assert amounts_of(inviter) == [5 * CREDIT]
    assert (version.ends_at, version.planned_ends_at) == (on(5, 10), JUNE_FIRST)
    with pytest.raises(errors.VersionOver):
        end(version, at=on(5, 11))


def test_terms_are_never_published_or_ended_for_the_past():
    version = five_in_may()

    with pytest.raises(errors.VersionInPast):
        publish(version, at=on(5, 10), starts_at=on(5, 9))
    with pytest.raises(errors.VersionInPast):
        end(version, at=on(5, 10), ends_at=on(5, 9))


def test_another_campaign_for_the_same_act_and_people_is_refused_in_that_time():
    five_in_may()
    other = Campaign.objects.create(code="other", trigger="verified", beneficiary="inviter")
    plan = Plan(terms(), on(5, 20), None)

    with pytest.raises(errors.CampaignOverlap):
        promotions.publish_version(other.pk, plan, actor=None, at=on(5, 1), reason="twice")

    assert not other.versions.exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"rate": 1}, "rate"),
        ({"amount_nanos": None}, "amount_nanos"),
        ({"enterprise_nanos": None}, "enterprise_nanos"),
        ({"amount_nanos": -1}, "amount_nanos"),
        ({"budget_nanos": 0}, "budget_nanos"),
        ({"valid_days": 3}, "valid_days"),
        ({"text_zh": ""}, "title_en"),
    ],
)
def test_terms_that_do_not_fit_are_refused_by_rule_and_by_the_database(wrong, field):
    version = five_in_may()

    with pytest.raises(errors.TermsInvalid) as refused:
        publish(version, at=on(5, 10), **wrong)

    assert refused.value.details["field"] == field
    with pytest.raises(IntegrityError), transaction.atomic():
        make_campaign("verified", "inviter", starts_at=on(7, 1), ends_at=on(8, 1), **wrong)


@pytest.mark.parametrize(
    "change",
    [
        {"amount_nanos": 1},
        {"starts_at": MAY_FIRST - timedelta(1)},
        {"ends_at": JUNE_FIRST + timedelta(1)},
        {"ends_at": None},
        {"text_en": "other"},
    ],
)
def test_the_database_refuses_to_change_what_was_published(change):
    version = five_in_may()

    with pytest.raises(DatabaseError, match="never edited"), transaction.atomic():
        CampaignVersion.objects.filter(pk=version.pk).update(**change)


def test_the_database_refuses_to_delete_a_version_or_to_rename_a_campaign():
    version = five_in_may()

    with pytest.raises(DatabaseError, match="never deleted"), transaction.atomic():
        version.delete()
    with pytest.raises(DatabaseError, match="keeps its name"), transaction.atomic():
        Campaign.objects.filter(pk=version.campaign_id).update(code="renamed")


def test_the_database_refuses_two_versions_of_a_campaign_at_once_and_a_version_of_another_kind():
    version = five_in_may()
    row = {"campaign": version.campaign, "number": 2, "starts_at": on(5, 10), "published_at": on(5, 1)}

    with pytest.raises(IntegrityError, match="one_in_force"), transaction.atomic():
        CampaignVersion.objects.create(
            **row, **TEXTS, trigger="verified", beneficiary="inviter", amount_nanos=1, enterprise_nanos=1
        )
    with pytest.raises(DatabaseError, match="kind"), transaction.atomic():
        CampaignVersion.objects.create(**row, **TEXTS, trigger="registered", beneficiary="inviter", amount_nanos=1)


def test_what_changed_between_versions_is_named():
    assert campaigns.changed_terms(terms(5), replace(terms(8), delay_days=3)) == [
        "amount_nanos",
        "enterprise_nanos",
        "delay_days",
    ]


def test_shipped_are_campaigns_for_verification_and_purchases_and_none_for_registering():
    published = {(history.trigger, history.beneficiary) for history in queries.campaign_histories()}

    assert published == {("verified", "self"), ("verified", "inviter"), ("purchased", "inviter")}
