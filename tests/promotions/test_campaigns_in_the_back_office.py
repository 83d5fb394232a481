"""Operators publish, plan and end campaigns, decide about rewards, and help with codes: each act with a reason."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.core import clock
from apps.core.billing_calendar import business_date, day_start
from apps.journal.models import AuditEntry
from apps.promotions import services as promotions
from apps.promotions.models import Campaign, CampaignVersion, Referral, ReferralCode, Reward
from tests.cast import make_user
from tests.promotions.stage import CREDIT, approve, make_campaign, make_person, make_referral, on
from tests.staff import grow_old, sign_in_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Client:
    return sign_in_staff(client)


def act(staff: Client, model: str, name: str, row: Any, **fields: str) -> Any:
    url = reverse(f"admin:promotions_{model}_{name}", args=[row.pk])
    return staff.post(url, {"reason": "asked for", **fields})


def campaign(code: str = "referral-verified") -> Campaign:
    return Campaign.objects.get(code=code)


VERIFIED = {
    "amount_nanos": "8",
    "enterprise_nanos": "9.5",
    "cap_period": "month",
    "delay_days": "3",
    "title_en": "More",
    "title_zh": "更多",
    "text_en": "More of it.",
    "text_zh": "更多奖励。",
}


def test_a_new_version_holds_from_now_on(staff: Client) -> None:
    assert act(staff, "campaign", "new-version", campaign(), **VERIFIED).status_code == 302

    first, second = CampaignVersion.objects.filter(campaign=campaign()).order_by("number")
    assert first.ends_at == second.starts_at
    assert (second.amount_nanos, second.enterprise_nanos, second.delay_days) == (8 * CREDIT, 9_500_000_000, 3)
    assert second.published_by_id == int(staff.session["_auth_user_id"])
    assert AuditEntry.objects.get(act="campaign.published").reason == "asked for"


def test_the_form_begins_with_the_terms_in_force_and_asks_what_its_kind_has(staff: Client) -> None:
    def page(code: str) -> str:
        url = reverse("admin:promotions_campaign_new-version", args=[campaign(code).pk])
        return staff.get(url).content.decode()

    assert 'name="rate_percent" value="5"' in page("referral-purchased").replace(' step="0.001"', "")
    assert 'name="enterprise_nanos" value="50"' in page("verification-credits")
    assert "auto_transfer" not in page("verification-credits")
    assert "valid_days" not in page("referral-purchased")


def test_a_plan_is_written_in_business_days(staff: Client) -> None:
    first_on = business_date(clock.now()) + timedelta(days=10)
    last_on = first_on + timedelta(days=30)

    act(staff, "campaign", "plan", campaign(), first_on=str(first_on), last_on=str(last_on), **VERIFIED)

    planned = CampaignVersion.objects.get(campaign=campaign(), number=2)
    assert (planned.starts_at, planned.ends_at) == (day_start(first_on), day_start(last_on + timedelta(days=1)))


def test_a_share_is_written_in_percent(staff: Client) -> None:
    terms = {name: text for name, text in VERIFIED.items() if name not in {"amount_nanos", "enterprise_nanos"}}

    act(staff, "campaign", "new-version", campaign("referral-purchased"), rate_percent="7.5", **terms)

    assert CampaignVersion.objects.get(number=2).rate == Decimal("0.075")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"amount_nanos": ""}, "Write an amount, or a share"),
        ({"enterprise_nanos": ""}, "Write an amount for an enterprise too"),
        ({"text_zh": ""}, "This field is required"),
        ({"last_on": "2021-01-01"}, "The last day lies before the first"),
        ({"reason": ""}, "This field is required"),
    ],
)
def test_what_does_not_fit_is_told_and_nothing_is_published(staff: Client, fields: Any, words: str) -> None:
    answer = act(staff, "campaign", "new-version", campaign(), **VERIFIED | fields)

    assert words in answer.content.decode()
    assert CampaignVersion.objects.filter(campaign=campaign()).count() == 1


def test_a_campaign_is_ended_now(staff: Client) -> None:
    act(staff, "campaign", "end-now", campaign())

    assert CampaignVersion.objects.get(campaign=campaign()).ends_at is not None


def test_a_planned_version_is_withdrawn(staff: Client) -> None:
    first_on = business_date(clock.now()) + timedelta(days=10)
    act(staff, "campaign", "plan", campaign(), first_on=str(first_on), **VERIFIED)
    planned = CampaignVersion.objects.get(campaign=campaign(), number=2)

    act(staff, "campaignversion", "end", planned)

    planned.refresh_from_db()
    assert planned.ends_at == planned.starts_at


def test_a_campaign_is_named_once_and_its_rows_are_read_only(staff: Client) -> None:
    add = reverse("admin:promotions_campaign_add")
    staff.post(add, {"code": "spring", "trigger": "registered", "beneficiary": "self", **no_versions()})
    change = reverse("admin:promotions_campaign_change", args=[campaign("spring").pk])

    assert staff.post(change, {"code": "summer"}).status_code == 403
    assert campaign("spring").code == "spring"
    assert staff.post(reverse("admin:promotions_campaign_delete", args=[campaign().pk])).status_code == 403


def no_versions() -> dict[str, str]:
    return {"versions-TOTAL_FORMS": "0", "versions-INITIAL_FORMS": "0"}


def test_the_page_of_a_campaign_tells_what_each_version_cost(staff: Client) -> None:
    version = make_campaign("verified", "self", amount_nanos=10 * CREDIT, enterprise_nanos=50 * CREDIT)
    approve(make_person(), at=on(5, 3))
    approve(make_person(), at=on(5, 4), kind="enterprise")

    text = staff.get(reverse("admin:promotions_campaign_change", args=[version.campaign_id])).content.decode()

    assert "<td>60 (2)</td>" in text


def reward() -> Reward:
    make_campaign("verified", "inviter", amount_nanos=5 * CREDIT, enterprise_nanos=5 * CREDIT, delay_days=1)
    referral = make_referral()
    approve(referral.invitee, at=on(5, 3))
    return Reward.objects.get()


def test_a_reward_is_held_released_and_reversed(staff: Client) -> None:
    row = reward()

    for name in ("hold", "release", "reverse"):
        assert act(staff, "reward", name, row).status_code == 302, name

    row.refresh_from_db()
    assert row.status == "reversed"
    told = AuditEntry.objects.filter(act__startswith="reward.").order_by("pk").values_list("act", flat=True)
    assert list(told) == ["reward.held", "reward.released", "reward.reversed"]


def test_the_list_shows_why_a_reward_is_blocked(staff: Client) -> None:
    make_campaign("verified", "inviter", amount_nanos=5 * CREDIT, enterprise_nanos=5 * CREDIT)
    referral = make_referral()
    approve(referral.inviter, at=on(5, 2), subject="one id")
    approve(referral.invitee, at=on(5, 3), subject="one id")

    text = staff.get(reverse("admin:promotions_reward_changelist") + "?status=blocked").content.decode()

    assert "Same legal subject as the inviter" in text


def test_support_adds_an_inviter_within_a_week_and_replaces_a_code(client: Client) -> None:
    staff = sign_in_staff(client, group="support")
    inviter, invitee = make_person(clock.now() - timedelta(days=30)), make_user()
    codes = {user: promotions.referral_code_of(user.pk, at=clock.now()) for user in (inviter, invitee)}
    row = ReferralCode.objects.get(code=codes[invitee])

    wrong = act(staff, "referralcode", "add-inviter", row, code="ABCDE23456")
    assert "This referral code is not valid" in wrong.content.decode()
    assert act(staff, "referralcode", "add-inviter", row, code=codes[inviter]).status_code == 302
    assert act(staff, "referralcode", "rotate", row).status_code == 302

    assert Referral.objects.get(invitee=invitee).inviter == inviter
    assert promotions.referral_code_of(invitee.pk, at=clock.now()) != codes[invitee]


def test_an_inviter_is_for_good_and_so_asks_for_a_recent_sign_in(client: Client) -> None:
    staff = grow_old(sign_in_staff(client, group="support"))
    inviter, invitee = make_person(clock.now() - timedelta(days=30)), make_user()
    code, _ = (promotions.referral_code_of(user.pk, at=clock.now()) for user in (inviter, invitee))

    answer = act(staff, "referralcode", "add-inviter", ReferralCode.objects.get(user=invitee), code=code)

    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert not Referral.objects.exists()


@pytest.mark.parametrize(("group", "status"), [("support", 403), ("read-only", 403), ("catalogue", 403)])
def test_groups_without_the_right_publish_nothing(client: Client, group: str, status: int) -> None:
    staff = sign_in_staff(client, group=group)

    assert act(staff, "campaign", "new-version", campaign(), **VERIFIED).status_code == status
    assert act(staff, "reward", "reverse", reward()).status_code == status
