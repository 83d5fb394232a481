import pytest
from asgiref.sync import async_to_sync

from apps.core.ids import uuid7
from apps.wallet import queries
from apps.wallet.batching import LEDGER_ONLY, Direct
from apps.wallet.types import HoldRequest, Outcome, SettleEntry
from tests.wallet.conftest import CREDIT, Payer


@pytest.fixture
def direct(payer: Payer) -> Direct:
    return Direct(payer.owner, LEDGER_ONLY)


def test_a_whole_call_joins_the_tests_transaction(payer: Payer, direct: Direct) -> None:
    request = HoldRequest(uuid7(), (payer.token, payer.wallet), 10 * CREDIT, 0)

    async def call() -> Outcome:
        await direct.start()
        await direct.authorise(request)
        await direct.extend(request.call_id, 20 * CREDIT)
        settlement = await direct.settle(SettleEntry(request.call_id, request.accounts, 15 * CREDIT, 0))
        await direct.stop()
        return settlement.outcome

    assert async_to_sync(call)() is Outcome.CHARGED
    assert queries.balance_of(payer.wallet).balance_nanos == 85 * CREDIT


def test_a_voided_call_costs_nothing(payer: Payer, direct: Direct) -> None:
    request = HoldRequest(uuid7(), (payer.token, payer.wallet), 10 * CREDIT, 0)

    async_to_sync(direct.authorise)(request)
    async_to_sync(direct.void)(request.call_id)

    assert queries.balance_of(payer.wallet).available_nanos == 100 * CREDIT
