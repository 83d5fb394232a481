"""What puts an entry right: each correction is an entry of its own, with a reason, and the first one stays as it is."""

from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.wallet import errors
from apps.wallet.models import Lot, Transfer, TransferKind
from apps.wallet.queries import draws_of_transfer, given_back_of, has_ended
from apps.wallet.services import authority
from apps.wallet.services.accounts import lock_accounts
from apps.wallet.services.dues import settle_dues
from apps.wallet.services.entries import digest, digest_of, earlier_posting, post
from apps.wallet.services.lot_books import give_back, restore, tend_lots
from apps.wallet.types import House, Mandate, Posting

SPENDING = frozenset(
    (
        TransferKind.CHARGE,
        TransferKind.LATE_CHARGE,
        TransferKind.ADJUSTMENT,
        TransferKind.STORAGE_FEE,
        TransferKind.CLOUD_FEE,
    )
)
LEFT_A_LOT = {TransferKind.REFUND: "refunded_nanos", TransferKind.WITHDRAWAL: "withdrawn_nanos"}


def debit_adjustment(wallet_id: int, mandate: Mandate, *, amount_nanos: int) -> UUID:
    """Takes credits that a wallet should not have, from its lots in burn order. Safe to repeat by key.

    Raises `InsufficientFunds` when the credits are not there.
    """
    posting = Posting(
        key=mandate.key,
        kind=TransferKind.ADJUSTMENT,
        debit_account=wallet_id,
        credit_account=House.FUNDING,
        amount_nanos=amount_nanos,
        wallet_id=wallet_id,
        reason=mandate.reason,
        actor=mandate.actor,
        approval_id=mandate.approval_id,
    )
    act = authority.debit(wallet_id, amount_nanos, key=mandate.key)
    with transaction.atomic():
        authority.claim(act, mandate)
        posted = post([posting])[0]
        if not posted.was_repeated:
            authority.record(act, mandate, amount_nanos=amount_nanos, transfer_id=posted.transfer_id)
    return posted.transfer_id


def refund_charge(transfer_id: UUID, mandate: Mandate, *, amount_nanos: int) -> UUID:
    """Gives back part or all of what was charged, to the lots that it came from, the last one first.

    A lot that ended is replaced by one of 30 days; one that was paid back, by one that keeps its refund right.
    Safe to repeat by key. Raises `RefundTooLarge` beyond what is left of the charge, and `NotReversible` for an entry
    that is no charge.
    """
    charge = _charge_by_id(transfer_id)
    asked = digest("charge refund", transfer_id, amount_nanos)
    act = authority.charge_refund(charge.wallet_id, transfer_id, amount_nanos=amount_nanos, key=mandate.key)
    with transaction.atomic():
        authority.claim(act, mandate)
        lock_accounts([charge.wallet_id])
        if (known := earlier_posting(mandate.key, asked=asked)) is not None:
            return known
        before = given_back_of(charge.pk)
        if not 0 < amount_nanos <= charge.amount_nanos - before:
            raise errors.RefundTooLarge
        refund_id = _give_back(charge, TransferKind.CHARGE_REFUND, mandate, amount_nanos, before=before, asked=asked)
        authority.record(act, mandate, amount_nanos=amount_nanos, transfer_id=refund_id)
        return refund_id


def reverse_transfer(transfer_id: UUID, *, reason: str, actor: int | None, approval_id: int | None = None) -> UUID:
    """Undoes an entry by its opposite, at most once.

    Of a grant, what it brought leaves; of a charge, its lots get it back; of a refund or withdrawal, the lot does.
    Raises `InsufficientFunds` when granted credits are spent, `RefundTooLarge` when a charge was refunded before,
    `NotReversible`, `UnknownTransfer`.
    """
    done = Transfer.objects.filter(pk=transfer_id).first()
    if done is None:
        raise errors.UnknownTransfer
    mandate = Mandate(f"reversal:{transfer_id}", reason, actor, approval_id)
    act = authority.reversal(done.wallet_id, transfer_id, amount_nanos=done.amount_nanos)
    with transaction.atomic():
        authority.claim(act, mandate)
        lock_accounts([done.wallet_id])
        if (known := earlier_posting(mandate.key, asked=digest_of(_opposite(done, mandate)))) is not None:
            return known
        reversal_id = _reverse(done, mandate)
        authority.record(act, mandate, amount_nanos=done.amount_nanos, transfer_id=reversal_id)
        return reversal_id


def _reverse(done: Transfer, mandate: Mandate) -> UUID:
    if done.kind == TransferKind.GRANT:
        return _take_grant_back(done, mandate)
    if done.kind in LEFT_A_LOT:
        return _bring_back_to_lot(done, mandate)
    return _reverse_charge(done, mandate)


def _reverse_charge(done: Transfer, mandate: Mandate) -> UUID:
    if done.kind not in SPENDING or not done.amount_nanos:
        raise errors.NotReversible
    if given_back_of(done.pk):
        raise errors.RefundTooLarge
    asked = digest_of(_opposite(done, mandate))
    return _give_back(done, TransferKind.REVERSAL, mandate, done.amount_nanos, before=0, asked=asked)


def _take_grant_back(done: Transfer, mandate: Mandate) -> UUID:
    tend_lots(done.wallet_id)
    lot = Lot.objects.filter(transfer_id=done.pk).first()
    if lot is None:
        raise errors.NotReversible
    if lot.left_nanos - lot.kept_nanos < lot.amount_nanos:
        raise errors.InsufficientFunds
    Lot.objects.filter(pk=lot.pk).update(withdrawn_nanos=F("withdrawn_nanos") + lot.amount_nanos)
    return _post_and_tend(_opposite(done, mandate, lot_id=lot.pk))


def _bring_back_to_lot(done: Transfer, mandate: Mandate) -> UUID:
    tend_lots(done.wallet_id)
    left_as = LEFT_A_LOT[TransferKind(done.kind)]
    transfer_id = post([_opposite(done, mandate)])[0].transfer_id
    lot = Lot.objects.get(pk=str(done.lot_id))
    if has_ended(lot.spend_until):
        restore(lot, done.amount_nanos, transfer_id=transfer_id)
    else:
        Lot.objects.filter(pk=lot.pk).update(**{left_as: F(left_as) - done.amount_nanos})
    tend_lots(done.wallet_id)
    return transfer_id


def _give_back(
    charge: Transfer, kind: TransferKind, mandate: Mandate, amount_nanos: int, *, before: int, asked: bytes
) -> UUID:
    tend_lots(charge.wallet_id)
    draws = draws_of_transfer(charge.pk)
    posting = _opposite(charge, mandate, kind=kind, amount_nanos=amount_nanos)
    transfer_id = post([posting], asked=asked)[0].transfer_id
    give_back(draws, skip_nanos=before, amount_nanos=amount_nanos, transfer_id=transfer_id)
    settle_dues(charge.wallet_id)
    tend_lots(charge.wallet_id)
    return transfer_id


def _opposite(
    done: Transfer,
    mandate: Mandate,
    *,
    kind: TransferKind = TransferKind.REVERSAL,
    amount_nanos: int | None = None,
    lot_id: UUID | None = None,
) -> Posting:
    return Posting(
        key=mandate.key,
        kind=kind,
        debit_account=done.credit_account,
        credit_account=done.debit_account,
        amount_nanos=done.amount_nanos if amount_nanos is None else amount_nanos,
        wallet_id=done.wallet_id,
        reason=mandate.reason,
        actor=mandate.actor,
        reverses=done.pk,
        call_id=done.hold_id,
        lot_id=lot_id,
        approval_id=mandate.approval_id,
    )


def _post_and_tend(posting: Posting) -> UUID:
    transfer_id = post([posting])[0].transfer_id
    tend_lots(posting.wallet_id)
    return transfer_id


def _charge_by_id(transfer_id: UUID) -> Transfer:
    charge = Transfer.objects.filter(pk=transfer_id).first()
    if charge is None:
        raise errors.UnknownTransfer
    if charge.kind not in SPENDING:
        raise errors.NotReversible
    return charge
