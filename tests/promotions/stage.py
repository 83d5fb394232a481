"""What tests of promotions begin with: campaigns with terms of their own, people who joined on a day, approvals."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from apps.accounts.models import User
from apps.core.billing_calendar import day_start
from apps.promotions import services as promotions
from apps.promotions.models import Campaign, CampaignVersion, Referral, Reward, RewardBalance
from apps.promotions.types import PaidOrder, VerifiedSubject
from apps.teams import services as teams
from apps.wallet import queries as wallet
from tests.cast import make_user

CREDIT = 1_000_000_000
TEXTS = {"title_en": "Campaign", "title_zh": "活动", "text_en": "What it is.", "text_zh": "活动说明。"}
MAY_FIRST = day_start(date(2021, 5, 1))
JUNE_FIRST = day_start(date(2021, 6, 1))

_numbers = count(1)


def make_campaign(
    trigger: str,
    beneficiary: str,
    *,
    starts_at: datetime = MAY_FIRST,
    ends_at: datetime | None = JUNE_FIRST,
    **terms: Any,
) -> CampaignVersion:
    """A campaign with one version, by default in force on the days of May 2021: long before those that are shipped."""
    campaign = Campaign.objects.create(code=f"campaign-{next(_numbers)}", trigger=trigger, beneficiary=beneficiary)
    if trigger == "verified":
        terms = {"amount_nanos": 0, "enterprise_nanos": 0} | terms
    return CampaignVersion.objects.create(
        campaign=campaign,
        number=1,
        trigger=trigger,
        beneficiary=beneficiary,
        starts_at=starts_at,
        ends_at=ends_at,
        planned_ends_at=ends_at,
        published_at=starts_at,
        **TEXTS | terms,
    )


def five_in_may(**more: Any) -> CampaignVersion:
    """5 credits for the inviter of whoever verifies in May."""
    return make_campaign("verified", "inviter", amount_nanos=5 * CREDIT, enterprise_nanos=5 * CREDIT, **more)


def on(month: int, day: int, hour: int = 12) -> datetime:
    """An hour of a business day of 2021."""
    return day_start(date(2021, month, day)) + timedelta(hours=hour)


APRIL_TWENTIETH = on(4, 20)


def make_person(joined_at: datetime = APRIL_TWENTIETH, **more: Any) -> User:
    """Somebody who joined then, with a personal team."""
    user = make_user(**more)
    User.objects.filter(pk=user.pk).update(joined_at=joined_at)
    user.refresh_from_db()
    teams.personal_team_of(user)
    return user


def make_referral(inviter: User | None = None, *, joined_at: datetime = APRIL_TWENTIETH, **invited: Any) -> Referral:
    """Somebody who joined then by the code of an inviter who was there before."""
    inviter = inviter or make_person(on(1, 1))
    invitee = make_person(joined_at, **invited)
    promotions.bind_invitee(invitee.pk, code=promotions.referral_code_of(inviter.pk, at=joined_at), at=joined_at)
    return Referral.objects.get(invitee=invitee)


def subject_of(
    user: User, *, at: datetime, kind: str = "personal", subject: str = "", submitted_at: datetime | None = None
) -> VerifiedSubject:
    """An approval of the user's own application; a subject of its own if none is named."""
    number = next(_numbers)
    return VerifiedSubject(
        verification_id=number,
        kind=kind,
        subject_key=subject or f"subject-{number}",
        user_id=user.pk,
        wallet_id=teams.personal_team_of(user).wallet_id,
        submitted_at=submitted_at or at,
        user_joined_at=user.joined_at,
    )


def approve(user: User, *, at: datetime, **more: Any) -> int:
    """What an approval grants, in nanocredits."""
    return promotions.credit_verification(subject_of(user, at=at, **more), at=at)


def balance_of(user: User) -> int:
    """What the personal wallet has."""
    return wallet.balance_of(teams.personal_team_of(user).wallet_id).balance_nanos


def rewards_of(inviter: User) -> list[Reward]:
    return list(Reward.objects.filter(inviter=inviter).order_by("pk"))


def amounts_of(inviter: User) -> list[int]:
    return [reward.amount_nanos for reward in rewards_of(inviter)]


def pay(user: User, amount: str, *, at: datetime, order: str = "", currency: str = "CNY", **more: str) -> str:
    """An order that is paid; returns its key."""
    key = order or f"order-{next(_numbers)}"
    minor = int(Decimal(amount) * 100)
    promotions.note_purchase(PaidOrder(key, user.pk, minor, currency, **more), at=at)
    return key


def refund(order: str, share: str, *, at: datetime) -> int:
    """Pays back so many parts of an order, in all so far: "50/200"."""
    refunded, paid = (int(Decimal(part) * 100) for part in share.split("/"))
    return promotions.note_purchase_refunded(order, share=(refunded, paid), at=at)


def earn(inviter: User, amount: str, *, at: datetime) -> Reward:
    """A reward of so many credits, pending; by a purchase, of which the campaign pays the whole."""
    if not CampaignVersion.objects.filter(trigger="purchased", starts_at=MAY_FIRST).exists():
        make_campaign("purchased", "inviter", rate=Decimal(1))
    pay(make_referral(inviter).invitee, amount, at=at)
    return Reward.objects.filter(inviter=inviter).latest("pk")


def rewards_account(user: User) -> int:
    """What the reward balance has."""
    return wallet.balance_of(RewardBalance.objects.get(user=user).account_id).balance_nanos


def parts_of(reward: Reward) -> tuple[str, int, int, int, int]:
    """Status, and in credits: reversed, moved, set off, what is left."""
    reward.refresh_from_db()
    parts = (reward.reversed_nanos, reward.moved_nanos, reward.set_off_nanos, reward.left_nanos)
    return (reward.status, *(part // CREDIT for part in parts))
