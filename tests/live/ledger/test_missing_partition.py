"""A month for which nobody made a partition: its calls cannot be booked, and none of them passes in silence."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from apps.core import partitions
from apps.core.ids import uuid7_at
from apps.wallet import services as wallets
from apps.wallet.batching import LEDGER_ONLY, GroupCommit
from apps.wallet.errors import LedgerFault
from apps.wallet.types import HoldRequest, SettleEntry
from tests.live.ledger.conftest import CREDIT, LiveLedger
from tests.live.ledger.racers import Racers

pytestmark = pytest.mark.live

FAR = datetime.now(UTC) + timedelta(days=200)
"""Partitions reach three months ahead."""
ALERTS = "SELECT details ->> 'charge_nanos' FROM journal_operatoralert WHERE dedupe_key = 'ledger-refused:' || %s"


def test_a_call_without_a_partition_fails_loudly_and_its_hold_comes_back_once_there_is_one(
    ledger: LiveLedger, racers: Racers
) -> None:
    wallet = ledger.wallet(10 * CREDIT)
    token = ledger.token(wallet)
    now = HoldRequest(uuid7_at(int(datetime.now(UTC).timestamp() * 1000)), (token, wallet), CREDIT, 0)
    far = HoldRequest(uuid7_at(int(FAR.timestamp() * 1000)), (token, wallet), CREDIT, 0, max_seconds=0)

    async def story() -> None:
        commit = GroupCommit(ledger.dsn, ledger.owner(), LEDGER_ONLY)
        await commit.start()
        try:
            await asyncio.gather(commit.authorise(now), commit.authorise(far))
            results = await asyncio.gather(
                *(commit.settle(SettleEntry(one.call_id, one.accounts, CREDIT, 0)) for one in (now, far)),
                return_exceptions=True,
            )
            assert isinstance(results[1], LedgerFault)
            assert getattr(results[0], "charged_nanos", None) == CREDIT  # the other call of the batch is charged
        finally:
            await commit.stop()

    asyncio.run(story())

    assert ledger.value(ALERTS, str(wallet)) == str(CREDIT)
    assert ledger.columns(wallet) == (10 * CREDIT, CREDIT, CREDIT)
    racers.alone(lambda: partitions.ensure_all(at=FAR))
    assert racers.alone(wallets.expire_holds) == 1
    assert ledger.columns(wallet) == (10 * CREDIT, CREDIT, 0)
