"""Entries that are not calls, once a key."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec

from apps.core.money import MAX_NANOS, credits_text
from apps.journal import services as journal
from apps.wallet import errors, execution
from apps.wallet.models import Account, AccountKind, KeyedPosting
from apps.wallet.packing import pack
from apps.wallet.statements import Parameters
from apps.wallet.types import House, Posting

POSTINGS_AT_MOST = 200
OWNED = (AccountKind.WALLET, AccountKind.REWARD)
POST = """
SELECT transfer_id, repeated FROM wallet_post(
    %s::text[], %s::bytea[], %s::smallint[], %s::bigint[], %s::bigint[], %s::bigint[],
    %s::bigint[], %s::text[], %s::bigint[], %s::uuid[],
    %s::uuid[], %s::uuid[], %s::text[]::date[], %s::bigint[])
"""


class Posted(NamedTuple):
    transfer_id: UUID
    was_repeated: bool


def post_transfer(posting: Posting) -> UUID:
    """One entry; the same key and content give the first entry's id. See `post_transfers` for what it raises."""
    return post_transfers([posting])[0]


def post_transfers(postings: Sequence[Posting]) -> list[UUID]:
    """Up to 200 entries, all or none; returns the transfer ids in order.

    Safe to repeat by key. Raises `IdempotencyConflict` for a key with other content, `InsufficientFunds` when a capped
    account cannot pay, `AmountTooLarge` beyond what an account can count, `UnknownAccount`.
    """
    return [posted.transfer_id for posted in post(postings)]


def post(postings: Sequence[Posting], *, asked: bytes | None = None) -> list[Posted]:
    """As `post_transfers`, with whether the key was known; `asked`: the digest of what was asked, where that is not
    the content of the one entry."""
    if len(postings) > POSTINGS_AT_MOST:
        raise ValueError(f"at most {POSTINGS_AT_MOST} postings a transaction")
    if any(p.amount_nanos > MAX_NANOS for p in postings):
        raise errors.AmountTooLarge
    parameters: Parameters = [
        pack("text", [p.key for p in postings]),
        pack("bytea", [asked or digest_of(p) for p in postings]),
        pack("smallint", [int(p.kind) for p in postings]),
        pack("bigint", [int(p.debit_account) for p in postings]),
        pack("bigint", [int(p.credit_account) for p in postings]),
        pack("bigint", [p.amount_nanos for p in postings]),
        pack("bigint", [p.wallet_id for p in postings]),
        pack("text", [p.reason for p in postings]),
        pack("bigint", [p.actor for p in postings]),
        pack("uuid", [p.reverses for p in postings]),
        pack("uuid", [p.lot_id for p in postings]),
        pack("uuid", [p.call_id for p in postings]),
        pack("text", [None if p.business_on is None else p.business_on.isoformat() for p in postings]),
        pack("bigint", [p.approval_id for p in postings]),
    ]
    rows = execution.post(POST, parameters)
    posted = [Posted(UUID(str(transfer_id)), bool(was_repeated)) for transfer_id, was_repeated in rows]
    _tell_of_closed([posting for posting, one in zip(postings, posted, strict=True) if not one.was_repeated])
    return posted


def _tell_of_closed(postings: Sequence[Posting]) -> None:
    """Credits that reach an account after its closing are there, and nobody can spend them: an operator decides."""
    brought = {posting.credit_account: posting for posting in postings if posting.credit_account not in set(House)}
    closed = Account.objects.filter(pk__in=brought, kind__in=OWNED, closed_at__isnull=False) if brought else ()
    for account in closed:
        amount = credits_text(brought[account.pk].amount_nanos)
        journal.raise_alert(
            "credits-after-closing",
            dedupe_key=f"credits-after-closing:{account.pk}",
            details={"account": account.pk, "credits": amount, "key": brought[account.pk].key},
        )


def earlier_posting(key: str, *, asked: bytes) -> UUID | None:
    """The transfer that this key became before. Raises `IdempotencyConflict` when it stood for something else."""
    known = KeyedPosting.objects.filter(pk=key).first()
    if known is None:
        return None
    if bytes(known.digest) != asked:
        raise errors.IdempotencyConflict
    return known.transfer_id


def digest_of(posting: Posting, more: object = None) -> bytes:
    """Of what must be the same when a key comes again: all that moves money, not who said why."""
    p = posting
    return digest(p.kind, p.debit_account, p.credit_account, p.amount_nanos, p.wallet_id, str(p.reverses), more)


def digest(*content: object) -> bytes:
    """Of what was asked under a key."""
    return hashlib.sha256(msgspec.json.encode(content)).digest()
