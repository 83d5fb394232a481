"""Usage rows through the real batching: many calls in one statement, columns with and without values."""

import asyncio
from dataclasses import replace

import pytest

from apps.core.ids import minted_at, uuid7
from apps.usage import records
from apps.wallet.batching import SETTLE_CALL, GroupCommit
from apps.wallet.types import HoldRequest, SettleEntry, SettleStatement
from tests.live.ledger.conftest import CREDIT, LiveLedger
from tests.usage.calls import row

pytestmark = pytest.mark.live

SETTLE = SettleStatement(
    f"WITH done AS MATERIALIZED ({SETTLE_CALL}), {records.INSERT} SELECT * FROM done", records.TYPES
)


def settled(request: HoldRequest, number: int) -> SettleEntry:
    """Every other call leaves the columns empty that may be."""
    call = replace(row(), id=request.call_id, at=minted_at(request.call_id), wallet_id=request.accounts[-1])
    if number % 2:
        call = replace(
            call, ip="2001:db8::1", quantities='{"images": 2}', user_id=9, first_byte_ms=12, multiplier="0.85"
        )
    else:
        call = replace(call, channel_id=None)
    return SettleEntry(request.call_id, request.accounts, CREDIT, 0, call.as_row())


def test_two_hundred_calls_settle_with_their_rows(ledger: LiveLedger) -> None:
    wallet = ledger.wallet(500 * CREDIT)
    token = ledger.token(wallet)
    requests = [HoldRequest(uuid7(), (token, wallet), CREDIT, 0) for _ in range(200)]

    async def story() -> None:
        commit = GroupCommit(ledger.dsn, ledger.owner(), SETTLE)
        await commit.start()
        await asyncio.gather(*(commit.authorise(request) for request in requests))
        await asyncio.gather(*(commit.settle(settled(request, n)) for n, request in enumerate(requests)))
        await commit.stop()

    asyncio.run(story())

    assert ledger.number("SELECT count(*) FROM usage_record WHERE wallet_id = %s", wallet) == 200
    assert ledger.number("SELECT sum(charge_nanos) FROM usage_record WHERE wallet_id = %s", wallet) == 200 * CREDIT
    assert ledger.number("SELECT count(*) FROM usage_record WHERE multiplier = 0.85 AND wallet_id = %s", wallet) == 100
    assert ledger.columns(wallet) == (500 * CREDIT, 200 * CREDIT, 0)
