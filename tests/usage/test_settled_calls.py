"""The statement that settles the money stores the call: what the ledger charged, once, or nothing."""

from dataclasses import replace

import pytest
from asgiref.sync import async_to_sync

from apps.core.ids import minted_at
from apps.usage import records
from apps.usage.models import UsageRecord
from apps.wallet.batching import SETTLE_CALL, Direct
from apps.wallet.models import Transfer
from apps.wallet.types import Outcome, SettleEntry, SettleStatement
from tests.usage.calls import row
from tests.wallet.conftest import CREDIT, Payer, payer

__all__ = ["payer"]

pytestmark = pytest.mark.django_db

SETTLE = SettleStatement(
    f"WITH done AS MATERIALIZED ({SETTLE_CALL}), {records.INSERT} SELECT * FROM done", records.TYPES
)


def ledger_of(payer: Payer) -> Direct:
    return Direct(payer.owner, SETTLE)


def entry(payer: Payer, nanos: int) -> SettleEntry:
    """The settle of the last hold, with its row."""
    request = payer.calls[-1]
    call = replace(row(), id=request.call_id, at=minted_at(request.call_id), wallet_id=payer.wallet, ip="192.0.2.7")
    return SettleEntry(request.call_id, request.accounts, nanos, 0, call.as_row())


def test_the_record_has_the_charge_of_the_ledger(payer: Payer) -> None:
    payer.hold(30 * CREDIT)

    settlement = async_to_sync(ledger_of(payer).settle)(entry(payer, 12 * CREDIT))

    assert (settlement.outcome, settlement.charged_nanos) == (Outcome.CHARGED, 12 * CREDIT)
    record = UsageRecord.objects.get()
    assert (record.id, record.charge_nanos) == (payer.calls[-1].call_id, 12 * CREDIT)
    assert Transfer.objects.get(hold_id=record.id).amount_nanos == 12 * CREDIT


def test_what_the_wallet_could_not_pay_is_not_in_the_record(payer: Payer) -> None:
    payer.hold(100 * CREDIT)

    settlement = async_to_sync(ledger_of(payer).settle)(entry(payer, 130 * CREDIT))

    assert (settlement.charged_nanos, settlement.lost_nanos) == (100 * CREDIT, 30 * CREDIT)
    assert UsageRecord.objects.get().charge_nanos == 100 * CREDIT


def test_a_second_settle_charges_nothing_and_adds_no_record(payer: Payer) -> None:
    payer.hold(30 * CREDIT)
    again = entry(payer, 12 * CREDIT)
    async_to_sync(ledger_of(payer).settle)(again)

    settlement = async_to_sync(ledger_of(payer).settle)(again)

    assert settlement.outcome == Outcome.REPEATED
    assert UsageRecord.objects.count() == 1


def test_a_call_that_cost_nothing_has_a_record_and_a_voided_one_has_none(payer: Payer) -> None:
    payer.hold(30 * CREDIT)
    async_to_sync(ledger_of(payer).settle)(entry(payer, 0))
    payer.hold(30 * CREDIT)
    async_to_sync(ledger_of(payer).void)(payer.calls[-1].call_id)

    assert list(UsageRecord.objects.values_list("id", "charge_nanos")) == [(payer.calls[0].call_id, 0)]
