"""/campaigns: what is in force, planned and past, and what each version changed, for everybody."""

from dataclasses import replace
from datetime import timedelta

import pytest

from apps.core import clock
from apps.promotions import queries
from apps.promotions import services as promotions
from apps.promotions.models import CampaignVersion
from apps.promotions.queries import terms_of
from apps.promotions.types import Plan
from tests.promotions.stage import CREDIT, make_campaign

pytestmark = pytest.mark.django_db


def page(client, **more):
    return client.get("/campaigns", **more).content.decode()


def test_shipped_campaigns_are_in_force_with_their_figures(client):
    text = page(client)

    assert "Credits for verification" in text
    assert "10.00 credits (US$1.43)" in text
    assert "50.00 credits" in text
    assert "5 %" in text
    assert "7 days" in text


def test_a_change_shows_what_was_and_what_is_and_since_when(client):
    version = CampaignVersion.objects.get(campaign__code="referral-verified")
    plan = Plan(replace(terms_of(version), amount_nanos=8 * CREDIT))

    promotions.publish_version(version.campaign_id, plan, actor=None, at=clock.now(), reason="more")

    text = page(client)
    assert "5.00 credits (US$0.71) → 8.00 credits (US$1.14)" in text
    assert "2 versions" in text


def test_planned_past_and_withdrawn_ones_are_told_apart(client):
    now = clock.now()
    make_campaign("registered", "self", amount_nanos=CREDIT, title_en="Last spring")
    planned = make_campaign(
        "registered", "self", amount_nanos=CREDIT, title_en="Next spring", starts_at=now + timedelta(1), ends_at=None
    )

    assert page(client).index("Next spring") < page(client).index("Last spring")
    assert "1 May 2021 to 31 May 2021" in page(client)

    promotions.end_version(planned.pk, actor=None, at=now, reason="not now")
    assert "withdrawn before it began" in page(client)


def test_the_page_speaks_chinese_and_is_linked_at_the_foot_of_public_pages(client):
    assert "认证赠送点数" in page(client, headers={"accept-language": "zh-CN"})
    assert 'href="/campaigns"' in client.get("/privacy").content.decode()


def test_a_later_version_is_no_campaign_in_force_before_it_begins():
    version = CampaignVersion.objects.get(campaign__code="referral-verified")

    found = queries.version_in_force("verified", "inviter", at=version.starts_at - timedelta(microseconds=1))

    assert found is None
