"""Where payments of campaigns wait for one another, and what their caps leave. Lock first, then read."""

from datetime import datetime

from django.db.models import F, QuerySet, Sum

from apps.core.billing_calendar import business_date, day_bounds, month_bounds, week_bounds
from apps.journal import services as journal
from apps.promotions import campaigns
from apps.promotions.models import Campaign, Reward
from apps.promotions.types import CapPeriod, Room, Version


def lock_campaigns(trigger: str) -> None:
    """All campaigns of a trigger, in the order of their ids, until the transaction ends: caps, budgets and differences
    are counted by one event at a time. Whoever publishes a version waits here too.
    """
    list(Campaign.objects.select_for_update(no_key=True).filter(trigger=trigger).order_by("pk").values("pk"))


def commit(campaign_id: int, amount_nanos: int) -> None:
    """Counts what was granted or promised; a negative amount for what was undone. The campaign is locked."""
    Campaign.objects.filter(pk=campaign_id).update(committed_nanos=F("committed_nanos") + amount_nanos)


def budget_left(version: Version) -> int | None:
    if version.terms.budget_nanos is None:
        return None
    committed = Campaign.objects.values_list("committed_nanos", flat=True).get(pk=version.campaign_id)
    return campaigns.room_left(version.terms.budget_nanos, committed)


def room_for(version: Version, *, referral_id: int, inviter_id: int, at: datetime) -> Room:
    """What the caps leave for one more reward of this invitee. The campaign is locked."""
    promised = Reward.objects.filter(version__campaign_id=version.campaign_id)
    of_inviter = _within(promised.filter(inviter_id=inviter_id), version.terms.cap_period, at=at)
    terms = version.terms
    return Room(
        per_invitee_nanos=_left(terms.per_invitee_nanos, promised.filter(referral_id=referral_id)),
        per_inviter_nanos=_left(terms.per_inviter_nanos, of_inviter),
        budget_nanos=budget_left(version),
    )


def _left(cap_nanos: int | None, rewards: QuerySet[Reward]) -> int | None:
    if cap_nanos is None:
        return None
    used = rewards.exclude(status="blocked").aggregate(sum=Sum(F("amount_nanos") - F("reversed_nanos")))["sum"]
    return campaigns.room_left(cap_nanos, used or 0)


def _within(rewards: QuerySet[Reward], period: str, *, at: datetime) -> QuerySet[Reward]:
    """Those earned in the business day, week or month that `at` lies in."""
    bounds = {CapPeriod.DAY: day_bounds, CapPeriod.WEEK: week_bounds, CapPeriod.MONTH: month_bounds}.get(
        CapPeriod(period)
    )
    if bounds is None:
        return rewards
    start, end = bounds(business_date(at))
    return rewards.filter(earned_at__gte=start, earned_at__lt=end)


def tell_of_the_budget(version: Version) -> None:
    """An operator hears once that a campaign has nothing left to pay."""
    details = {"campaign": version.code, "version": version.number}
    journal.raise_alert("campaign-budget", dedupe_key=f"campaign-budget:{version.code}", details=details)
