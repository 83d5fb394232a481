"""Questions about the ledger. Answers are values, never rows."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Count, F, Q, Sum

from apps.wallet import errors
from apps.wallet.allocation import Share, Stretch, left_after, stretches
from apps.wallet.call_entries import entries_of_call
from apps.wallet.limits_in_use import USED_LIMITS, limits_near_end
from apps.wallet.lot_refunds import RefundStep, money_of_refunds
from apps.wallet.models import Account, AccountKind, Draw, Due, Hold, KeyedPosting, Lot, Transfer, TransferKind
from apps.wallet.movements import first_movement_at, movements, statement
from apps.wallet.types import (
    Balance,
    DrawnFrom,
    DueState,
    GrantedLot,
    LimitUse,
    LotRefund,
    LotState,
    LotSum,
    LotTerms,
    LotToGo,
    OpenHold,
    RateLimits,
    RateUse,
)

__all__ = ["USED_LIMITS", "entries_of_call", "first_movement_at", "limits_near_end", "movements", "statement"]

_NEXT = UUID(int=0)  # a refund that has not been made
MINUTE_NANOSECONDS = 60_000_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CHARGES = (TransferKind.CHARGE, TransferKind.LATE_CHARGE)


def balance_of(wallet_id: int) -> Balance:
    """Raises `UnknownAccount`."""
    try:
        return balances_of([wallet_id])[wallet_id]
    except KeyError:
        raise errors.UnknownAccount from None


def label_of(account_id: int) -> str:
    """What the owner's app calls an account. Raises `UnknownAccount`."""
    label = Account.objects.filter(pk=account_id).values_list("label", flat=True).first()
    if label is None:
        raise errors.UnknownAccount
    return label


def balances_of(wallet_ids: Iterable[int]) -> dict[int, Balance]:
    rows = Account.objects.filter(pk__in=list(wallet_ids)).values_list(
        "pk", "credits_posted", "debits_posted", "debits_pending"
    )
    return {pk: Balance(posted - spent, held, posted - spent - held) for pk, posted, spent, held in rows}


def limit_use(account_ids: Iterable[int]) -> dict[int, LimitUse]:
    """Use since the last refill, what is held, and what is left of the limit."""
    return {
        account.pk: LimitUse(
            used_nanos=account.debits_posted - account.limit_base_nanos,
            held_nanos=account.debits_pending,
            remaining_nanos=_room(account) if account.capped else None,
            open_slots=account.open_slots,
            limit_nanos=account.limit_nanos if account.capped else None,
            refill=account.refill,
            resets_at=account.wake_at if account.refill else None,
        )
        for account in Account.objects.filter(pk__in=list(account_ids))
    }


def refills_of(account_ids: Collection[int]) -> dict[int, str]:
    """When each of these limits is refilled: daily, weekly, monthly, or empty. No query for none."""
    if not account_ids:
        return {}
    return dict(Account.objects.filter(pk__in=account_ids).values_list("pk", "refill"))


def rate_use(account_id: int, *, rpm: int, tpm: int, at: datetime) -> RateUse:
    """How much of these limits the last minute used. Raises `UnknownAccount`."""
    try:
        return rate_uses({account_id: RateLimits(rpm=rpm, tpm=tpm)}, at=at)[account_id]
    except KeyError:
        raise errors.UnknownAccount from None


def rate_uses(limits: Mapping[int, RateLimits], *, at: datetime) -> dict[int, RateUse]:
    """The same for many accounts, each with the limits asked about; unknown accounts are absent. One query."""
    instant = _nanoseconds(at)
    return {
        account.pk: RateUse(
            open_slots=account.open_slots,
            requests=_share(account.requests_stamp - instant, limits[account.pk].rpm),
            tokens=_share(account.tokens_stamp - instant, limits[account.pk].tpm),
            all_free_at=_instant_after(max(account.requests_stamp, account.tokens_stamp), instant),
        )
        for account in Account.objects.filter(pk__in=list(limits))
    }


def hold_by_id(call_id: UUID) -> OpenHold | None:
    hold = Hold.objects.filter(pk=call_id).first()
    if hold is None:
        return None
    return OpenHold(hold.pk, hold.wallet_id, tuple(hold.accounts), hold.amount_nanos, hold.owner_id, hold.max_until)


def calls_under_way(wallet_id: int) -> int:
    """How many calls and tasks of this wallet have not been settled, also those that hold nothing."""
    return Hold.objects.filter(wallet_id=wallet_id).count()


def accounts_of(wallet_id: int) -> list[int]:
    """The wallet and every limit on it, closed ones included: to be locked, or closed, together."""
    rows = Account.objects.filter(wallet_id=wallet_id).exclude(kind=AccountKind.FREE)
    return list(rows.values_list("pk", flat=True))


def open_holds() -> int:
    """How many calls hold money now."""
    return Hold.objects.count()


def is_free_only(wallet_id: int) -> bool:
    """Whether the wallet stops when its free credit is used up."""
    return Account.objects.filter(pk=wallet_id, free_account_id__isnull=False).exists()


def free_left(wallet_id: int) -> int:
    """What the wallet's free lots have left, calls under way not counted."""
    return sum(lot.remaining_nanos for lot in lots_of(wallet_id) if not lot.is_paid)


def lots_of(wallet_id: int) -> list[LotState]:
    """The wallet's lots, oldest first, with what spending has left of each."""
    lots = list(Lot.objects.filter(wallet_id=wallet_id).order_by("created_at", "pk"))
    left = _left_of(wallet_id, lots) if lots else {}
    return [
        LotState(
            lot.pk, lot.source, lot.amount_nanos, left[lot.pk], lot.spend_until, lot.refund_until, lot.paid_minor > 0
        )
        for lot in lots
    ]


def to_go_of(lot_id: UUID, *, amount_nanos: int | None = None) -> LotToGo:
    """What `refund_lot` or `withdraw_lot` would take now, and the money for `amount_nanos` of it; None: for all of it.

    An estimate: calls go on. Raises `UnknownLot`.
    """
    lot = _lot(lot_id)
    left = next(state.remaining_nanos for state in lots_of(lot.wallet_id) if state.lot_id == lot_id)
    most = 0 if has_ended(lot.spend_until) else max(min(left, balance_of(lot.wallet_id).available_nanos), 0)
    part = most if amount_nanos is None else amount_nanos
    money = _money_of(lot, [*_refund_steps(lot), RefundStep(_NEXT, part, None)])
    return LotToGo(most, money[_NEXT], lot.currency)


def refunds_of(lot_id: UUID) -> list[LotRefund]:
    """What was paid back of a lot, the oldest first, each with its money at that time. Raises `UnknownLot`."""
    lot = _lot(lot_id)
    steps = _refund_steps(lot)
    money = _money_of(lot, steps)
    undone = {step.undoes for step in steps}
    return [
        LotRefund(
            step.transfer_id, step.amount_nanos, money[step.transfer_id], lot.currency, step.transfer_id in undone
        )
        for step in steps
        if step.undoes is None
    ]


def draws_of(call_id: UUID) -> list[DrawnFrom]:
    """Which lots paid for a call, in the order in which they were drawn; empty when it cost nothing or is not over."""
    ids = [call_id, *_late_legs(call_id)]
    charge = Transfer.objects.filter(pk__in=ids, kind__in=CHARGES).first()
    return draws_of_transfer(charge.pk) if charge else []


def draws_of_transfer(transfer_id: UUID) -> list[DrawnFrom]:
    """The same for any entry that spent credits of a wallet. Writes nothing: what is not booked yet is projected."""
    transfer = Transfer.objects.filter(pk=transfer_id).first()
    if transfer is None:
        raise errors.UnknownTransfer
    start = _spent_before(transfer)
    end = start + transfer.amount_nanos
    parts = [(s.lot_id, s.within(start, end)) for s in _stretches_over(transfer.wallet_id, start, end)]
    lots = Lot.objects.in_bulk([lot_id for lot_id, part in parts if part])
    return [_drawn(lots[lot_id], part) for lot_id, part in parts if part]


def given_back_of(transfer_id: UUID) -> int:
    """What earlier corrections returned of a charge."""
    return Transfer.objects.filter(reverses_id=transfer_id).aggregate(total=Sum("amount_nanos"))["total"] or 0


def dues_of(wallet_id: int) -> list[DueState]:
    """What the wallet owes, oldest first."""
    dues = Due.objects.filter(wallet_id=wallet_id, settled_at=None, cancelled_at=None).order_by("since", "pk")
    return [DueState(due.key, due.kind, due.amount_nanos, due.reason, due.since, due.business_on) for due in dues]


def arrears_of(wallet_id: int) -> int:
    """The sum of what the wallet owes."""
    return sum(due.amount_nanos for due in dues_of(wallet_id))


def lots_by_key(keys: Collection[str]) -> dict[str, GrantedLot]:
    """What was granted under these idempotency keys; unknown ones are absent. Two queries."""
    known = dict(KeyedPosting.objects.filter(key__in=keys).values_list("transfer_id", "key"))
    lots = Lot.objects.filter(transfer_id__in=known, restores_id=None)
    return {
        known[lot.transfer_id]: GrantedLot(
            wallet_id=lot.wallet_id,
            source=lot.source,
            amount_nanos=lot.amount_nanos,
            terms=LotTerms(lot.spend_until, lot.refund_until, lot.paid_minor, lot.currency, lot.price_tier),
        )
        for lot in lots
    }


def lots_sum(source: str) -> LotSum:
    """How many lots have this source, and what was granted with them."""
    found = Lot.objects.filter(source=source).aggregate(lots=Count("pk"), granted=Sum("amount_nanos"))
    return LotSum(found["lots"], int(found["granted"] or 0))


def wallets_sum() -> int:
    """The balances of all wallets together, holds included."""
    balance = Sum(F("credits_posted") - F("debits_posted"))
    return int(Account.objects.filter(kind=AccountKind.WALLET).aggregate(all=balance)["all"] or 0)


def due_accounts(at_most: int) -> list[int]:
    """Accounts with a lot that ended or a limit to refill, the longest due first."""
    due = Account.objects.filter(wake_at__lte=wallet_time()).order_by("wake_at")
    return list(due.values_list("pk", flat=True)[:at_most])


def has_ended(spend_until: datetime | None) -> bool:
    """Whether credits with this end are over, by the ledger's clock."""
    return spend_until is not None and spend_until <= wallet_time()


def wallet_time() -> datetime:
    """The ledger's clock: the database's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT wallet_now()")
        now: datetime = cursor.fetchone()[0]
        return now


def _lot(lot_id: UUID) -> Lot:
    lot = Lot.objects.filter(pk=lot_id).first()
    if lot is None:
        raise errors.UnknownLot
    return lot


def _refund_steps(lot: Lot) -> list[RefundStep]:
    refunds = Transfer.objects.filter(wallet_id=lot.wallet_id, lot_id=lot.pk, kind=TransferKind.REFUND)
    undone = Transfer.objects.filter(reverses_id__in=list(refunds.values_list("pk", flat=True)))
    return [RefundStep(t.pk, t.amount_nanos, t.reverses_id) for t in sorted([*refunds, *undone], key=_moment)]


def _moment(transfer: Transfer) -> tuple[datetime, UUID]:
    return transfer.at, transfer.pk


def _money_of(lot: Lot, steps: Sequence[RefundStep]) -> dict[UUID, int]:
    return money_of_refunds(lot.paid_minor, lot.amount_nanos, steps)


def _shares_of(lots: Iterable[Lot]) -> list[Share]:
    return [
        Share(lot.pk, lot.left_nanos, lot.spend_until, lot.paid_minor > 0, lot.created_at, lot.kept_nanos > 0)
        for lot in lots
    ]


def _left_of(wallet_id: int, lots: Iterable[Lot]) -> dict[UUID, int]:
    spent, free_first = _unbooked(wallet_id)
    return left_after(_shares_of(lots), spent, free_first=free_first)


def _unbooked(wallet_id: int) -> tuple[int, bool]:
    """What was spent and is not booked on lots yet, and whether free lots go first."""
    wallet = Account.objects.get(pk=wallet_id)
    return wallet.debits_posted - wallet.allocated_nanos, wallet.free_account_id is not None


def _stretches_over(wallet_id: int, start: int, end: int) -> list[Stretch]:
    """The stretches that meet `[start, end)`: booked ones, then what spending since then is going to take."""
    booked = Draw.objects.filter(wallet_id=wallet_id).order_by("starts_nanos")
    last = booked.last()
    booked_end = last.starts_nanos + last.amount_nanos if last else 0
    first = booked.filter(starts_nanos__lte=start).last()
    meeting = booked.filter(starts_nanos__lt=end, starts_nanos__gte=first.starts_nanos if first else 0)
    found = [Stretch(draw.lot_id, draw.starts_nanos, draw.amount_nanos) for draw in meeting]
    if end <= booked_end:
        return found
    lots = _shares_of(Lot.objects.filter(wallet_id=wallet_id))
    spent, free_first = _unbooked(wallet_id)
    return found + stretches(lots, spent, starts_nanos=booked_end, free_first=free_first)


def _spent_before(transfer: Transfer) -> int:
    """Where a charge begins in its wallet's spending: after what was booked before it and posted since."""
    draws = Draw.objects.filter(wallet_id=transfer.wallet_id, at__lt=transfer.at)
    last = draws.order_by("starts_nanos").last()
    earlier = Transfer.objects.filter(debit_account=transfer.wallet_id, wallet_id=transfer.wallet_id, lot_id=None)
    if last is not None:
        earlier = earlier.filter(at__gt=last.at)
    before = earlier.filter(Q(at__lt=transfer.at) | Q(at=transfer.at, pk__lt=transfer.pk))
    total = before.aggregate(total=Sum("amount_nanos"))["total"] or 0
    return total + (last.starts_nanos + last.amount_nanos if last else 0)


def _late_legs(call_id: UUID) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT wallet_leg_id(%s, 'late')", [call_id])
        return [cursor.fetchone()[0]]


def _drawn(lot: Lot, amount_nanos: int) -> DrawnFrom:
    return DrawnFrom(lot.pk, lot.source, amount_nanos, lot.spend_until, lot.paid_minor > 0)


def _room(account: Account) -> int:
    return account.credits_posted - account.debits_posted - account.debits_pending


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000) * 1000


def _instant_after(stamp: int, instant: int) -> datetime | None:
    return EPOCH + timedelta(microseconds=stamp // 1000) if stamp > instant else None


def _share(ahead: int, per_minute: int) -> int:
    """Units of a minute's limit that a stamp this far ahead stands for."""
    return -(-max(ahead, 0) * per_minute // MINUTE_NANOSECONDS)
