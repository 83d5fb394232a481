"""The SQL of the ledger's acts on calls, their parameters and answers. Sends nothing: batching and services do."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from apps.wallet.packing import Packed, pack
from apps.wallet.types import HoldAnswer, HoldRequest, Outcome, Refusal, SettleEntry, Settlement, WrittenOff

Parameters = list[Packed | int | bool | str]

AUTHORISE = """
SELECT refusal, account, have, wait_ms FROM wallet_authorise(
    %s::bigint, %s::boolean, %s::uuid[], %s::bigint[], %s::bigint[], %s::integer[],
    %s::integer[], %s::bigint[], %s::bigint[], %s::integer[], %s::integer[], %s::integer[])
"""
EXTEND = "SELECT refusal, account, have, wait_ms FROM wallet_extend(%s::uuid[], %s::bigint[])"
SETTLE_CALL = """
SELECT id, outcome, charged, available, lost FROM wallet_settle(
    %s::uuid[], %s::smallint[], %s::bigint[], %s::bigint[], %s::integer[], %s::bigint[])
"""

ALERT_REFUSED = """
SELECT journal_alert('ledger-refused', 'ledger-refused:' || %s::text, jsonb_build_object(
    'wallet', %s::text, 'call', %s::text, 'charge_nanos', %s::text))
"""

Extension = tuple[UUID, int]
"""A call and the amount its hold shall have at least."""

Ending = SettleEntry | UUID | WrittenOff
"""A call to charge, the id of a call to void, or one that could not be charged."""

_CHARGE, _VOID = 1, 2


def authorise_parameters(requests: Sequence[HoldRequest], *, owner_id: int, resend: bool) -> Parameters:
    limits = [r.token_limits for r in requests] + [r.wallet_limits for r in requests]
    pair_calls, pair_accounts = _pairs(r.accounts for r in requests)
    return [
        owner_id,
        resend,
        pack("uuid", [r.call_id for r in requests]),
        pack("bigint", [r.amount_nanos for r in requests]),
        pack("bigint", [r.tokens for r in requests]),
        pack("integer", [r.max_seconds for r in requests]),
        pair_calls,
        pair_accounts,
        pack("bigint", [r.accounts[0] for r in requests] + [r.accounts[-1] for r in requests]),
        pack("integer", [limit.concurrency for limit in limits]),
        pack("integer", [limit.rpm for limit in limits]),
        pack("integer", [limit.tpm for limit in limits]),
    ]


def extend_parameters(extensions: Sequence[Extension]) -> Parameters:
    return [pack("uuid", [call_id for call_id, _ in extensions]), pack("bigint", [amount for _, amount in extensions])]


def settle_parameters(endings: Sequence[Ending], *, column_types: Sequence[str]) -> Parameters:
    """The ledger's own arrays, then one array for each usage column; voids and entries without a row have none."""
    entries = [_as_entry(ending) for ending in endings]
    pair_calls, pair_accounts = _pairs(e.accounts for e in entries)
    rows = [e.row for e in entries if e.row]
    columns: Iterable[Sequence[object]] = zip(*rows, strict=True) if rows else [()] * len(column_types)
    return [
        pack("uuid", [e.call_id for e in entries]),
        pack("smallint", [_CHARGE if e.accounts else _VOID for e in entries]),
        pack("bigint", [e.charge_nanos for e in entries]),
        pack("bigint", [e.tokens for e in entries]),
        pair_calls,
        pair_accounts,
        *(pack(type_, column) for type_, column in zip(column_types, columns, strict=True)),
    ]


def alert_parameters(written_off: WrittenOff) -> Parameters:
    entry = written_off.entry
    wallet = str(entry.accounts[-1])
    return [wallet, wallet, str(entry.call_id), str(entry.charge_nanos)]


def hold_answers(rows: Iterable[Sequence[object]]) -> list[HoldAnswer]:
    return [
        HoldAnswer(Refusal(str(refusal)) if refusal else None, _int(account), _int(have), _int(wait_ms))
        for refusal, account, have, wait_ms in rows
    ]


def settlements(rows: Iterable[Sequence[object]]) -> dict[object, Settlement]:
    """By call id."""
    return {
        id_: Settlement(Outcome(str(outcome)), _int(charged), _int(available), _int(lost))
        for id_, outcome, charged, available, lost in rows
    }


def call_id_of(ending: Ending) -> UUID:
    if isinstance(ending, SettleEntry):
        return ending.call_id
    return ending if isinstance(ending, UUID) else ending.entry.call_id


def _as_entry(ending: Ending) -> SettleEntry:
    return ending if isinstance(ending, SettleEntry) else SettleEntry(call_id_of(ending), (), 0, 0)


def _pairs(accounts_of_calls: Iterable[tuple[int, ...]]) -> tuple[Packed, Packed]:
    """Every account of every call beside the number of the call, from 1 on."""
    calls: list[int] = []
    accounts: list[int] = []
    for number, of_call in enumerate(accounts_of_calls, start=1):
        calls += [number] * len(of_call)
        accounts += of_call
    return pack("integer", calls), pack("bigint", accounts)


def _int(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"the ledger answered {value!r}")
    return value
