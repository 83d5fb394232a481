"""The ledger's acts. Callers pass ids and amounts; every act is one function of the database, safe to repeat.

An act joins the caller's transaction. A use case that needs several calls `lock_accounts` once, first, with all ids.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from django.db import connection, transaction
from django.db.models.functions import Now

from apps.core.ids import minted_at, uuid7
from apps.core.money import MAX_NANOS, credits_text
from apps.journal import services as journal
from apps.journal.types import Act
from apps.wallet import errors, execution, invariants
from apps.wallet.batching import LEDGER_ONLY
from apps.wallet.models import AccountKind, Lot, LotSource, Owner, Transfer, TransferKind
from apps.wallet.packing import pack
from apps.wallet.statements import Parameters
from apps.wallet.types import (
    NO_TERMS,
    HoldAnswer,
    HoldRequest,
    House,
    LotTerms,
    Posting,
    SettleEntry,
    Settlement,
    SettleStatement,
)

Scalar = int | str | UUID | datetime | None

LEASE = timedelta(seconds=30)
POSTINGS_AT_MOST = 200
EXPIRE_AT_MOST = 500
ECHO_AGE = "1 minute"
POST = """
SELECT transfer_id, repeated FROM wallet_post(
    %s::text[], %s::bytea[], %s::smallint[], %s::bigint[], %s::bigint[], %s::bigint[],
    %s::bigint[], %s::text[], %s::bigint[], %s::uuid[])
"""


# -- Accounts -----------------------------------------------------------------------------------


def open_wallet(label: str, *, kind: int = AccountKind.WALLET) -> int:
    """A new, empty wallet; returns its account id."""
    return _number("SELECT wallet_open(%s::smallint, NULL, %s, NULL)", kind, label)


def open_limit(wallet_id: int, *, kind: int, label: str, limit_nanos: int | None) -> int:
    """An account that counts, and caps unless `limit_nanos` is None, what its calls take from the wallet."""
    return _number("SELECT wallet_open(%s::smallint, %s, %s, %s)", kind, wallet_id, label, limit_nanos)


def set_limit(account_id: int, *, limit_nanos: int | None) -> None:
    """Changes a limit; None lifts it. A limit below what is used blocks further calls. Safe to repeat."""
    if not _truth("SELECT wallet_set_limit(%s, %s)", account_id, limit_nanos):
        raise errors.UnknownAccount


def close_account(account_id: int) -> None:
    """No new hold on this account from the next statement on; calls under way finish. Safe to repeat."""
    if not _truth("SELECT wallet_set_closed(%s, true)", account_id):
        raise errors.UnknownAccount


def reopen_account(account_id: int) -> None:
    if not _truth("SELECT wallet_set_closed(%s, false)", account_id):
        raise errors.UnknownAccount


def lock_accounts(account_ids: Sequence[int]) -> None:
    """Locks all accounts of a use case, in ascending order, until its transaction ends. Call it once, first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT wallet_lock(%s)", [sorted(account_ids)])


# -- Holds --------------------------------------------------------------------------------------


def authorise(request: HoldRequest, *, owner_id: int) -> HoldAnswer:
    """Sets money, a slot and tokens aside for a call, or says what refused. A repeat gets the same hold."""
    return execution.authorise(request, owner_id=owner_id)


def extend_hold(call_id: UUID, *, amount_nanos: int) -> HoldAnswer:
    """Raises a hold to at least this amount. A repeat changes nothing."""
    return execution.extend(call_id, amount_nanos=amount_nanos)


def settle_hold(entry: SettleEntry, *, statement: SettleStatement = LEDGER_ONLY) -> Settlement:
    """Charges a call once, however often it arrives. What the accounts cannot pay becomes a loss, with an alert."""
    return execution.settle(entry, statement=statement)


def void_hold(call_id: UUID) -> None:
    """Ends a call without a charge. A repeat, or a void after the charge, changes nothing."""
    execution.settle(call_id, statement=LEDGER_ONLY)


def hand_over_hold(call_id: UUID, *, owner_id: int, max_until: datetime, release_slot: bool) -> None:
    """Gives a hold to another owner, until a new latest end. Raises `HoldGone` when the call is over."""
    if not _truth("SELECT wallet_hand_over(%s, %s, %s, %s)", call_id, owner_id, max_until, release_slot):
        raise errors.HoldGone


def expire_holds(*, at_most: int = EXPIRE_AT_MOST) -> int:
    """Ends holds of dead owners and those past their latest end; returns how many. Any process, any time."""
    return _number("SELECT wallet_expire(%s)", at_most)


def drop_echoes() -> int:
    """Gives back holds of calls that ended already: a first delivery that arrived after its resend was settled."""
    return _number("SELECT wallet_drop_echoes(%s::interval)", ECHO_AGE)


def charge_late(entry: SettleEntry) -> Settlement:
    """Charges a call whose hold is gone: takes what is there, books the rest as loss. Happens once a call."""
    return execution.settle(entry, statement=LEDGER_ONLY)


# -- Owners -------------------------------------------------------------------------------------


def register_owner(label: str = "") -> int:
    """A lease for this process; returns the owner id its holds carry."""
    return int(Owner.objects.create(label=label, lease_until=Now() + LEASE).pk)


def heartbeat(owner_id: int) -> bool:
    """Renews the lease. False: there is no such owner any more, register again."""
    return bool(Owner.objects.filter(pk=owner_id).update(lease_until=Now() + LEASE))


def end_owner(owner_id: int) -> None:
    """Ends the lease at once, so that what is left open is expired by others."""
    Owner.objects.filter(pk=owner_id).update(lease_until=Now())


def forget_owners() -> int:
    """Deletes owners whose lease ended a day ago and that hold nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM wallet_owner o WHERE lease_until < now() - interval '1 day' "
            "AND NOT EXISTS (SELECT 1 FROM wallet_hold h WHERE h.owner_id = o.id)"
        )
        return int(cursor.rowcount)


# -- Checks -------------------------------------------------------------------------------------


def ledger_violations() -> list[str]:
    """A sentence for each row that breaks a rule of the ledger; empty when it is right. Takes its time."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '10min'")
        return invariants.violations()


def ledger_warnings() -> list[str]:
    """What is still right and will not stay so."""
    return invariants.warnings()


# -- Entries that are not calls -----------------------------------------------------------------


def post_transfer(posting: Posting) -> UUID:
    """One entry; the same key and content give the first entry's id. See `post_transfers` for what it raises."""
    return post_transfers([posting])[0]


def post_transfers(postings: Sequence[Posting]) -> list[UUID]:
    """Up to 200 entries, all or none; returns the transfer ids in order.

    Safe to repeat by key. Raises `IdempotencyConflict` for a key with other content, `InsufficientFunds` when a capped
    account cannot pay, `AmountTooLarge` beyond what an account can count, `UnknownAccount`.
    """
    return [transfer_id for transfer_id, _ in _post(postings)]


def grant_lot(
    wallet_id: int,
    amount_nanos: int,
    source: str,
    *,
    idempotency_key: str,
    reason: str,
    actor: int | None,
    terms: LotTerms = NO_TERMS,
) -> UUID:
    """Adds credits to a wallet as a lot of their own; returns the lot's id.

    The same key and content give the first lot, other content raises `IdempotencyConflict`. What an operator gives
    leaves an audit entry.
    """
    posting = Posting(
        key=idempotency_key,
        kind=TransferKind.GRANT,
        debit_account=House.FUNDING,
        credit_account=wallet_id,
        amount_nanos=amount_nanos,
        wallet_id=wallet_id,
        reason=reason,
        actor=actor,
    )
    with transaction.atomic():
        transfer_id, was_repeated = _post([posting], more=(source, terms))[0]
        if was_repeated:
            return Lot.objects.values_list("pk", flat=True).get(transfer_id=transfer_id)
        if source == LotSource.ADJUSTMENT:
            _record_grant(posting, transfer_id=transfer_id)
        return _add_lot(posting, transfer_id=transfer_id, source=source, terms=terms)


def reverse_transfer(transfer_id: UUID, *, reason: str, actor: int) -> UUID:
    """Undoes an entry by its opposite, at most once. Raises `InsufficientFunds` when the credits are spent."""
    done = Transfer.objects.get(pk=transfer_id)
    return post_transfer(
        Posting(
            key=f"reversal:{transfer_id}",
            kind=TransferKind.REVERSAL,
            debit_account=done.credit_account,
            credit_account=done.debit_account,
            amount_nanos=done.amount_nanos,
            wallet_id=done.wallet_id,
            reason=reason,
            actor=actor,
            reverses=transfer_id,
        )
    )


def _post(postings: Sequence[Posting], *, more: object = None) -> list[tuple[UUID, bool]]:
    """Transfer id and whether the key was known, for each posting; `more` is content that only the digest sees."""
    if len(postings) > POSTINGS_AT_MOST:
        raise ValueError(f"at most {POSTINGS_AT_MOST} postings a transaction")
    if any(p.amount_nanos > MAX_NANOS for p in postings):
        raise errors.AmountTooLarge
    parameters: Parameters = [
        pack("text", [p.key for p in postings]),
        pack("bytea", [_digest(p, more) for p in postings]),
        pack("smallint", [int(p.kind) for p in postings]),
        pack("bigint", [int(p.debit_account) for p in postings]),
        pack("bigint", [int(p.credit_account) for p in postings]),
        pack("bigint", [p.amount_nanos for p in postings]),
        pack("bigint", [p.wallet_id for p in postings]),
        pack("text", [p.reason for p in postings]),
        pack("bigint", [p.actor for p in postings]),
        pack("uuid", [p.reverses for p in postings]),
    ]
    rows = execution.post(POST, parameters)
    return [(UUID(str(transfer_id)), bool(was_repeated)) for transfer_id, was_repeated in rows]


def _digest(posting: Posting, more: object) -> bytes:
    """Of what must be the same when a key comes again: all that moves money, not who said why."""
    p = posting
    content = (p.kind, p.debit_account, p.credit_account, p.amount_nanos, p.wallet_id, str(p.reverses), more)
    return hashlib.sha256(msgspec.json.encode(content)).digest()


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
    )
    return lot.pk


def _record_grant(posting: Posting, *, transfer_id: UUID) -> None:
    details = {"credits": credits_text(posting.amount_nanos), "transfer": str(transfer_id)}
    act = Act(
        "credits.granted",
        "wallet",
        str(posting.wallet_id),
        actor_id=posting.actor,
        reason=posting.reason,
        details=details,
    )
    journal.record_act(act, at=minted_at(transfer_id))


def _truth(text: str, *parameters: Scalar) -> bool:
    return bool(_number(text, *parameters))


def _number(text: str, *parameters: Scalar) -> int:
    with connection.cursor() as cursor:
        cursor.execute(text, parameters)
        return int(cursor.fetchone()[0])
