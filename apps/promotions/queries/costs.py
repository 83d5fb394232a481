"""What campaigns cost: by version, what was granted, promised, paid and undone."""

from django.db.models import Count, F, Q, Sum

from apps.promotions.models import CampaignVersion, Credit, Reward
from apps.promotions.types import RewardStatus, VersionCost


def campaign_costs(campaign_id: int) -> list[VersionCost]:
    """A line for each version, the last one first. Three queries."""
    numbers = CampaignVersion.objects.filter(campaign_id=campaign_id).order_by("-number").values_list("pk", "number")
    credits_, rewards = _credits_of(campaign_id), _rewards_of(campaign_id)
    return [
        VersionCost(number, **_NOTHING | credits_.get(version_id, {}) | rewards.get(version_id, {}))
        for version_id, number in numbers
    ]


_NOTHING = {
    "credits": 0,
    "granted_nanos": 0,
    "taken_back_nanos": 0,
    "rewards": 0,
    "blocked": 0,
    "promised_nanos": 0,
    "reversed_nanos": 0,
    "pending_nanos": 0,
}


def _credits_of(campaign_id: int) -> dict[int, dict[str, int]]:
    rows = Credit.objects.filter(version__campaign_id=campaign_id, amount_nanos__gt=0).values("version_id")
    sums = rows.annotate(
        credits=Count("pk"), granted_nanos=Sum("amount_nanos"), sum_back=Sum("taken_back_nanos")
    ).values_list("version_id", "credits", "granted_nanos", "sum_back")
    return {
        version: {"credits": count, "granted_nanos": granted, "taken_back_nanos": back}
        for version, count, granted, back in sums
    }


def _rewards_of(campaign_id: int) -> dict[int, dict[str, int]]:
    blocked, pending = Q(status=RewardStatus.BLOCKED), Q(status=RewardStatus.PENDING)
    names = ("rewards", "blocked", "promised_nanos", "sum_reversed", "pending_nanos")
    sums = (
        Reward.objects.filter(version__campaign_id=campaign_id)
        .values("version_id")
        .annotate(
            rewards=Count("pk", filter=~blocked),
            blocked=Count("pk", filter=blocked),
            promised_nanos=Sum("amount_nanos", filter=~blocked, default=0),
            sum_reversed=Sum("reversed_nanos", filter=~blocked, default=0),
            pending_nanos=Sum(F("amount_nanos") - F("reversed_nanos"), filter=pending, default=0),
        )
        .values_list("version_id", *names)
    )
    keys = ("rewards", "blocked", "promised_nanos", "reversed_nanos", "pending_nanos")
    return {version: dict(zip(keys, values, strict=True)) for version, *values in sums}
