"""Every version of a campaign, and every end that was not foreseen, is an entry of the announcements."""

from dataclasses import replace
from datetime import timedelta

import pytest

from apps.announcements.models import Announcement
from apps.promotions import errors
from apps.promotions import services as promotions
from apps.promotions.models import CampaignVersion
from apps.promotions.queries import terms_of
from apps.promotions.types import Plan
from tests.promotions.stage import CREDIT, JUNE_FIRST, five_in_may, on

pytestmark = pytest.mark.django_db


def entries_of(version, *, suffix=""):
    return Announcement.objects.filter(key__startswith=f"campaign:{version.campaign.code}:{suffix}")


def publish(version, *, at, starts_at=None):
    plan = Plan(replace(terms_of(version), amount_nanos=8 * CREDIT), starts_at, JUNE_FIRST)
    return promotions.publish_version(version.campaign_id, plan, actor=None, at=at, reason="more of it")


def test_shipped_campaigns_are_announced_once_since_they_hold():
    for version in CampaignVersion.objects.filter(campaign__code="referral-verified"):
        entry = entries_of(version).get()

        assert entry.category == "campaigns"
        assert entry.title == {"en": version.title_en, "zh-hans": version.title_zh}
        assert entry.published_at == version.published_at


def test_new_terms_are_announced_when_they_are_published_and_say_since_when_they_hold():
    version = five_in_may()

    publish(version, at=on(5, 2), starts_at=on(5, 10))

    entry = entries_of(version, suffix="2").get()
    assert entry.title == {"en": "Campaign: new terms", "zh-hans": "活动：新条款"}
    assert entry.summary == {"en": "What it is.", "zh-hans": "活动说明。"}
    assert entry.scope == {"en": "Invitations", "zh-hans": "邀请"}
    assert (entry.published_at, entry.effective_at) == (on(5, 2), on(5, 10))
    assert entry.link == f"/campaigns#{version.campaign.code}"


def test_an_early_end_is_announced_with_its_instant():
    version = five_in_may()

    promotions.end_version(version.pk, actor=None, at=on(5, 3), reason="enough", ends_at=on(5, 20))
    promotions.end_version(version.pk, actor=None, at=on(5, 4), reason="sooner", ends_at=on(5, 15))

    told = entries_of(version, suffix="1:ends").order_by("published_at")
    assert [(entry.title["en"], entry.effective_at) for entry in told] == [
        ("Campaign ends", on(5, 20)),
        ("Campaign ends", on(5, 15)),
    ]


def test_a_version_that_is_withdrawn_before_it_begins_says_so():
    version = five_in_may()
    publish(version, at=on(5, 2), starts_at=on(5, 10))
    planned = CampaignVersion.objects.get(campaign=version.campaign, number=2)

    promotions.end_version(planned.pk, actor=None, at=on(5, 3), reason="not now")

    entry = entries_of(version, suffix="2:ends").get()
    assert entry.title["en"] == "Campaign: withdrawn before it began"
    assert entry.effective_at is None


def test_terms_that_are_refused_are_not_announced():
    version = five_in_may()

    with pytest.raises(errors.VersionInPast):
        publish(version, at=on(5, 2), starts_at=on(5, 2) - timedelta(seconds=1))

    assert not entries_of(version).exists()
