"""The lots' side of acts of a locked wallet: booking what was spent, giving back what was drawn."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.db.models import F, Sum

from apps.core.ids import uuid7
from apps.wallet.lot_refunds import moved_minor
from apps.wallet.models import Lot, LotSource, Return
from apps.wallet.queries import has_ended, wallet_time
from apps.wallet.types import DrawnFrom

RESTORED_FOR = timedelta(days=30)


def tend_lots(wallet_id: int) -> None:
    """A boundary: all spending is booked on lots, what ended has expired. The wallet is locked. Safe to repeat."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT wallet_tend_lots(%s)", [wallet_id])


def give_back(draws: Sequence[DrawnFrom], *, skip_nanos: int, amount_nanos: int, transfer_id: UUID) -> None:
    """Returns part of what a charge drew to its lots, the one drawn last first, after what was given back before."""
    for draw in reversed(draws):
        skipped = min(skip_nanos, draw.amount_nanos)
        skip_nanos -= skipped
        part = min(draw.amount_nanos - skipped, amount_nanos)
        amount_nanos -= part
        if part:
            _return_to(draw.lot_id, part, transfer_id)


def restore(lot: Lot, amount_nanos: int, *, transfer_id: UUID) -> UUID:
    """A new lot in place of one that cannot take credits back.

    What ended gets 30 days. What was paid back in money keeps its dates, its share of the price and its refund right.
    """
    is_over = has_ended(lot.spend_until)
    restored = Lot(
        id=uuid7(),
        wallet_id=lot.wallet_id,
        transfer_id=transfer_id,
        source=LotSource.REFUND_RESTORE,
        amount_nanos=amount_nanos,
        restores_id=lot.pk,
        created_at=wallet_time(),
        spend_until=wallet_time() + RESTORED_FOR if is_over else lot.spend_until,
    )
    if not is_over:
        restored.paid_minor = _price_of(lot, amount_nanos)
        restored.currency = lot.currency
        restored.price_tier = lot.price_tier
        restored.refund_until = lot.refund_until
    restored.save(force_insert=True)
    return restored.pk


def _return_to(lot_id: UUID, amount_nanos: int, transfer_id: UUID) -> None:
    lot = Lot.objects.get(pk=lot_id)
    if not lot.refunded_nanos and not has_ended(lot.spend_until):
        Lot.objects.filter(pk=lot_id).update(consumed_nanos=F("consumed_nanos") - amount_nanos)
        into = lot_id
    else:
        into = restore(lot, amount_nanos, transfer_id=transfer_id)
    Return.objects.create(transfer_id=transfer_id, lot_id=lot_id, into_lot_id=into, amount_nanos=amount_nanos)


def _price_of(lot: Lot, amount_nanos: int) -> int:
    before = Lot.objects.filter(restores_id=lot.pk).aggregate(total=Sum("amount_nanos"))["total"] or 0
    return moved_minor(lot.paid_minor, lot.amount_nanos, before_nanos=before, amount_nanos=amount_nanos)
