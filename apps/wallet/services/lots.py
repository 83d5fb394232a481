"""Credits that come in together, and those that leave a lot without being spent."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.core.ids import uuid7
from apps.core.money import minor_text
from apps.wallet import errors
from apps.wallet.models import Account, AccountKind, Lot, LotSource, TransferKind
from apps.wallet.queries import has_ended, refunds_of, wallet_time
from apps.wallet.quota_types import refuse_gone
from apps.wallet.services import authority
from apps.wallet.services.accounts import lock_accounts
from apps.wallet.services.dues import settle_dues
from apps.wallet.services.entries import digest, digest_of, earlier_posting, post
from apps.wallet.services.lot_books import tend_lots
from apps.wallet.types import NO_TERMS, House, LotRefund, LotTerms, Mandate, Posting


def grant_lot(wallet_id: int, mandate: Mandate, *, amount_nanos: int, source: str, terms: LotTerms = NO_TERMS) -> UUID:
    """Adds credits to a wallet as a lot of their own, then settles what the wallet owes; returns the lot's id.

    The same key and content give the first lot, other content raises `IdempotencyConflict`. Raises `LotEnded` for
    terms that are over, `StandardQuotaGone` for a source of that name, and what `authority` raises. What an operator
    gives leaves an audit entry.
    """
    refuse_gone(source, field="source")
    posting = Posting(
        key=mandate.key,
        kind=TransferKind.GRANT,
        debit_account=House.FUNDING,
        credit_account=wallet_id,
        amount_nanos=amount_nanos,
        wallet_id=wallet_id,
        reason=mandate.reason,
        actor=mandate.actor,
        approval_id=mandate.approval_id,
    )
    asked = digest_of(posting, (source, terms))
    act = authority.grant(wallet_id, amount_nanos, source=source, terms=terms, key=mandate.key)
    with transaction.atomic():
        authority.claim(act, mandate)
        lock_accounts([wallet_id])
        if (known := earlier_posting(posting.key, asked=asked)) is not None:
            return Lot.objects.values_list("pk", flat=True).get(transfer_id=known)
        if has_ended(terms.spend_until):
            raise errors.LotEnded
        if not Account.objects.filter(pk=wallet_id, kind=AccountKind.WALLET).exists():
            raise errors.UnknownAccount
        tend_lots(wallet_id)  # what was spent so far came from the lots there were
        transfer_id = post([posting], asked=asked)[0].transfer_id
        lot_id = _add_lot(posting, transfer_id=transfer_id, source=source, terms=terms)
        if mandate.actor is not None or source == LotSource.ADJUSTMENT:
            authority.record(act, mandate, amount_nanos=amount_nanos, transfer_id=transfer_id)
        settle_dues(wallet_id)
        tend_lots(wallet_id)
        return lot_id


def refund_lot(lot_id: UUID, mandate: Mandate, *, at: datetime, amount_nanos: int | None = None) -> LotRefund:
    """Takes unspent credits of a paid lot out of the wallet and says what money they stand for.

    None stands for all that can go: what is unspent and not held by calls. The money rounds down, over all refunds of
    the lot together. Safe to repeat by key. Raises `NotRefundable`, `RefundClosed` from `refund_until` on, and
    `InsufficientFunds` when nothing, or less than asked, is there.
    """
    asked = digest("refund", lot_id, amount_nanos)
    act = authority.lot_refund(_wallet_of(lot_id), lot_id, amount_nanos=amount_nanos, key=mandate.key)
    with transaction.atomic():
        authority.claim(act, mandate)
        lot = _locked_lot(lot_id, wallet_id=act.wallet_id)
        if (known := earlier_posting(mandate.key, asked=asked)) is not None:
            return _refund_of(lot, known)
        if not lot.paid_minor or lot.refund_until is None:
            raise errors.NotRefundable
        if at >= lot.refund_until:
            raise errors.RefundClosed
        amount = _part_to_go(lot, amount_nanos)
        Lot.objects.filter(pk=lot_id).update(refunded_nanos=F("refunded_nanos") + amount)
        transfer_id = _post_leaving(TransferKind.REFUND, lot, amount, mandate, asked)
        refund = _refund_of(lot, transfer_id)
        money = {"paid_back": minor_text(refund.paid_back_minor), "currency": refund.currency}
        authority.record(act, mandate, amount_nanos=amount, transfer_id=transfer_id, outcome=money)
        return refund


def withdraw_lot(lot_id: UUID, mandate: Mandate, *, amount_nanos: int | None = None) -> UUID:
    """Takes back credits of a lot that are unspent and not held; None stands for all of them. Safe to repeat by key.

    Raises `InsufficientFunds` when nothing, or less than asked, is there.
    """
    asked = digest("withdrawal", lot_id, amount_nanos)
    act = authority.withdrawal(_wallet_of(lot_id), lot_id, amount_nanos=amount_nanos, key=mandate.key)
    with transaction.atomic():
        authority.claim(act, mandate)
        lot = _locked_lot(lot_id, wallet_id=act.wallet_id)
        if (known := earlier_posting(mandate.key, asked=asked)) is not None:
            return known
        amount = _part_to_go(lot, amount_nanos)
        Lot.objects.filter(pk=lot_id).update(withdrawn_nanos=F("withdrawn_nanos") + amount)
        transfer_id = _post_leaving(TransferKind.WITHDRAWAL, lot, amount, mandate, asked)
        authority.record(act, mandate, amount_nanos=amount, transfer_id=transfer_id)
        return transfer_id


def _wallet_of(lot_id: UUID) -> int:
    wallet_id = Lot.objects.filter(pk=lot_id).values_list("wallet_id", flat=True).first()
    if wallet_id is None:
        raise errors.UnknownLot
    return wallet_id


def _locked_lot(lot_id: UUID, *, wallet_id: int) -> Lot:
    """The lot behind the lock of its wallet, with all spending booked."""
    lock_accounts([wallet_id])
    tend_lots(wallet_id)
    return Lot.objects.get(pk=lot_id)


def _part_to_go(lot: Lot, amount_nanos: int | None) -> int:
    """How much may leave the lot: what neither calls have spent nor hold."""
    wallet = Account.objects.get(pk=lot.wallet_id)
    most = min(lot.left_nanos - lot.kept_nanos, wallet.available_nanos)
    amount = most if amount_nanos is None else amount_nanos
    if not 0 < amount <= most:
        raise errors.InsufficientFunds
    return amount


def _post_leaving(kind: TransferKind, lot: Lot, amount_nanos: int, mandate: Mandate, asked: bytes) -> UUID:
    posting = Posting(
        key=mandate.key,
        kind=kind,
        debit_account=lot.wallet_id,
        credit_account=House.FUNDING,
        amount_nanos=amount_nanos,
        wallet_id=lot.wallet_id,
        reason=mandate.reason,
        actor=mandate.actor,
        lot_id=lot.pk,
        approval_id=mandate.approval_id,
    )
    transfer_id = post([posting], asked=asked)[0].transfer_id
    tend_lots(lot.wallet_id)
    return transfer_id


def _refund_of(lot: Lot, transfer_id: UUID) -> LotRefund:
    """What a refund was worth when it was made: what came later, such as its reversal, changes nothing about it."""
    made = next(refund for refund in refunds_of(lot.pk) if refund.transfer_id == transfer_id)
    return replace(made, is_reversed=False)


def _add_lot(posting: Posting, *, transfer_id: UUID, source: str, terms: LotTerms) -> UUID:
    lot = Lot.objects.create(
        id=uuid7(),
        wallet_id=posting.wallet_id,
        transfer_id=transfer_id,
        source=source,
        amount_nanos=posting.amount_nanos,
        spend_until=terms.spend_until,
        refund_until=terms.refund_until,
        paid_minor=terms.paid_minor,
        currency=terms.currency,
        price_tier=terms.price_tier,
        created_at=wallet_time(),
    )
    return lot.pk
