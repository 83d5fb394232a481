"""What promotions keep about a person, for the export of their data. Others are masked."""

from collections.abc import Iterator

from apps.promotions.campaigns import masked
from apps.promotions.models import Credit, Referral, ReferralCode, Reward
from apps.promotions.types import CodeRecord, CreditRecord, InviteeRecord, RewardRecord

_CHUNK = 500


def codes_of(user_id: int) -> list[CodeRecord]:
    """The person's referral codes, replaced ones too, the oldest first."""
    rows = ReferralCode.objects.filter(user_id=user_id).order_by("pk")
    return [CodeRecord(row.code, row.created_at, row.retired_at) for row in rows]


def credits_of(user_id: int) -> list[CreditRecord]:
    """What campaigns granted the person, the oldest first."""
    rows = Credit.objects.filter(user_id=user_id).order_by("pk")
    return [CreditRecord(row.kind, row.amount_nanos, row.taken_back_nanos, row.at) for row in rows]


def invitees_of(user_id: int) -> Iterator[InviteeRecord]:
    """Whom the person invited, the oldest first."""
    rows = Referral.objects.filter(inviter_id=user_id).select_related("invitee").order_by("pk")
    for row in rows.iterator(chunk_size=_CHUNK):
        yield InviteeRecord(row.public_id, masked(row.invitee.email), row.bound_at)


def rewards_of(user_id: int) -> Iterator[RewardRecord]:
    """What the person earned by invitees, the oldest first."""
    rows = Reward.objects.filter(inviter_id=user_id).select_related("referral").order_by("pk")
    for row in rows.iterator(chunk_size=_CHUNK):
        yield RewardRecord(
            row.referral.public_id, row.trigger, row.status, row.amount_nanos, row.reversed_nanos, row.earned_at
        )
