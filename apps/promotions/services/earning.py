"""What invitees do becomes rewards of their inviters: once an act, under the terms in force when it happened."""

import logging
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from apps.accounts import queries as people
from apps.core.billing_calendar import business_date
from apps.journal import services as journal
from apps.marketplace import queries as marketplace
from apps.promotions import campaigns, queries
from apps.promotions.models import Mark, Referral, Reward
from apps.promotions.services import counters
from apps.promotions.types import (
    Beneficiary,
    BlockReason,
    MarkKind,
    PaidOrder,
    QualifyingAct,
    RewardStatus,
    Trigger,
    Version,
)

logger = logging.getLogger(__name__)


def note_purchase(order: PaidOrder, *, at: datetime) -> None:
    """Promises the payer's inviter a share of an order paid at `at`; pending until a refund is unlikely.

    An order of nothing earns nothing. Safe to repeat by the order's key. Joins the caller's transaction,
    before that locks accounts of the ledger.
    """
    if order.paid_minor < 0:
        raise ValueError("Nobody pays less than nothing.")
    if not order.paid_minor:
        return
    with transaction.atomic():
        counters.lock_campaigns(Trigger.PURCHASED)
        if order.payment_fingerprint:
            Mark.objects.get_or_create(kind=MarkKind.PAYMENT, value=order.payment_fingerprint, user_id=order.user_id)
        joined_at = queries.joined_at_of(order.user_id)
        act = QualifyingAct(
            trigger=Trigger.PURCHASED, user_id=order.user_id, joined_at=joined_at, acted_at=at, order=order
        )
        earn(act, at=at)


def earn(act: QualifyingAct, *, at: datetime) -> None:
    """Stores the reward that this act earns, blocked or not; nothing without an inviter or a campaign.

    The campaigns of the trigger are locked. Acts before somebody was bound earn nothing.
    """
    referral = Referral.objects.filter(invitee_id=act.user_id, bound_at__lte=at).first()
    version = queries.version_in_force(act.trigger, Beneficiary.INVITER, at=at) if referral else None
    if referral is None or version is None or _is_rewarded(referral, act) or not _is_new(act, version):
        return
    offered = _offered(act, version, at=at)
    if offered:
        _store(_reward(referral, version, act, offered_nanos=offered, at=at), version)


def _reward(referral: Referral, version: Version, act: QualifyingAct, *, offered_nanos: int, at: datetime) -> Reward:
    room = counters.room_for(version, referral_id=referral.pk, inviter_id=referral.inviter_id, at=at)
    amount = campaigns.within(offered_nanos, room)
    reason = _suspicion(referral, act) or ("" if amount else BlockReason.CAPPED)
    order = act.order
    return Reward(
        referral=referral,
        inviter_id=referral.inviter_id,
        version_id=version.version_id,
        trigger=act.trigger,
        order_key=order.order_key if order else "",
        paid_minor=order.paid_minor if order else 0,
        currency=order.currency if order else "",
        verification_id=act.verification_id,
        status=RewardStatus.BLOCKED if reason else RewardStatus.PENDING,
        block_reason=reason,
        offered_nanos=offered_nanos,
        amount_nanos=amount,
        earned_at=at,
        due_at=at + timedelta(days=version.terms.delay_days),
    )


def _store(reward: Reward, version: Version) -> None:
    reward.save(force_insert=True)
    if reward.status == RewardStatus.BLOCKED:
        told = {"reward": reward.pk, "referral": reward.referral_id, "reason": reward.block_reason}
        logger.warning("reward blocked", extra=told)
        if counters.budget_left(version) == 0:
            counters.tell_of_the_budget(version)
        return
    counters.commit(version.campaign_id, reward.amount_nanos)


def _is_rewarded(referral: Referral, act: QualifyingAct) -> bool:
    """Once for each referral and trigger; of purchases, once for each order."""
    if act.order is not None:
        return Reward.objects.filter(order_key=act.order.order_key).exists()
    return Reward.objects.filter(referral=referral, trigger=act.trigger).exists()


def _is_new(act: QualifyingAct, version: Version) -> bool:
    joined_on, acted_on = business_date(act.joined_at), business_date(act.acted_at)
    return campaigns.is_new(joined_on, acted_on=acted_on, days=version.terms.new_user_days)


def _offered(act: QualifyingAct, version: Version, *, at: datetime) -> int:
    if act.order is None:
        return campaigns.amount_for_kind(version.terms, act.kind)
    rate = _rate_of(act.order, at=at)
    return (
        0 if rate is None else campaigns.amount_for_payment(version.terms, act.order.paid_minor, credits_per_unit=rate)
    )


def _rate_of(order: PaidOrder, *, at: datetime) -> Decimal | None:
    """None for money that has no rate yet: the order is credited all the same, and an operator hears of it."""
    try:
        return marketplace.credit_rate(order.currency, at=at).credits_per_unit
    except KeyError:
        details = {"currency": order.currency, "order": order.order_key}
        journal.raise_alert("reward-currency", dedupe_key=f"reward-currency:{order.currency}", details=details)
        return None


def _suspicion(referral: Referral, act: QualifyingAct) -> str:
    """Why this looks like somebody who invited themselves; empty for no sign of it."""
    if _share_a_mark(referral, MarkKind.SUBJECT):
        return BlockReason.SAME_SUBJECT
    if people.share_a_device(referral.invitee_id, referral.inviter_id):
        return BlockReason.SAME_DEVICE
    if act.is_known_subject:
        return BlockReason.KNOWN_SUBJECT
    if _share_a_mark(referral, MarkKind.PAYMENT):
        return BlockReason.SAME_PAYMENT
    return ""


def _share_a_mark(referral: Referral, kind: str) -> bool:
    of_invitee = Mark.objects.filter(user_id=referral.invitee_id, kind=kind).values("value")
    return Mark.objects.filter(user_id=referral.inviter_id, kind=kind, value__in=of_invitee).exists()
