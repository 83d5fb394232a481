"""Whether what is counted is what is there: campaigns' counters, reward balances, shortfalls."""

from collections.abc import Mapping
from typing import Any

from django.db.models import F, QuerySet, Sum
from django.db.models.expressions import CombinedExpression

from apps.journal import services as journal
from apps.promotions.models import Campaign, Credit, Reward, RewardBalance
from apps.promotions.types import RewardStatus
from apps.wallet import queries as wallet

NAMED_AT_MOST = 20


def check_books() -> int:
    """Opens the operator alert `promotions-books` where something does not add up; returns how many do not.

    Looks without locks: what an act changes meanwhile may seem wrong, so that what differs is looked at once more.
    """
    found = _differing()
    lasting = found & _differing() if found else found
    if lasting:
        details = {"rows": sorted(lasting)[:NAMED_AT_MOST], "count": len(lasting)}
        journal.raise_alert("promotions-books", dedupe_key="promotions-books", details=details)
    return len(lasting)


def _differing() -> set[str]:
    return _campaigns() | _balances()


def _campaigns() -> set[str]:
    campaign = "version__campaign_id"
    credits_ = _sums(Credit.objects.all(), F("amount_nanos") - F("taken_back_nanos"), by=campaign)
    promised = Reward.objects.exclude(status=RewardStatus.BLOCKED)
    rewards = _sums(promised, F("amount_nanos") - F("reversed_nanos"), by=campaign)
    counted = Campaign.objects.values_list("pk", "code", "committed_nanos")
    return {f"campaign {code}" for pk, code, n in counted if n != credits_.get(pk, 0) + rewards.get(pk, 0)}


def _balances() -> set[str]:
    released = Reward.objects.filter(released_at__isnull=False)
    gone = F("moved_nanos") + F("set_off_nanos") + F("given_up_nanos")
    left = _sums(released, F("amount_nanos") - F("reversed_nanos") + F("shortfall_nanos") - gone, by="inviter_id")
    short = _sums(released, F("shortfall_nanos") - F("set_off_nanos"), by="inviter_id")
    rows = list(RewardBalance.objects.values_list("user_id", "account_id", "shortfall_nanos"))
    have = wallet.balances_of([account for _, account, _ in rows])
    return {
        f"reward balance of user {user}"
        for user, account, shortfall in rows
        if (have[account].balance_nanos, shortfall) != (left.get(user, 0), short.get(user, 0))
    }


def _sums(rows: QuerySet[Any], amount: CombinedExpression, *, by: str) -> Mapping[int, int]:
    return dict(rows.values(by).annotate(sum=Sum(amount)).values_list(by, "sum"))
