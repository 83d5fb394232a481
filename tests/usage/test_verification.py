from io import StringIO
from uuid import UUID

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from apps.core import clock
from apps.core.ids import uuid7
from apps.journal import queries as journal
from apps.usage import records, verification
from apps.wallet import services as wallet
from apps.wallet.batching import SETTLE_CALL
from apps.wallet.models import Account, AccountKind, LotSource
from apps.wallet.types import HoldRequest, Mandate, SettleEntry, SettleStatement

pytestmark = pytest.mark.django_db
SETTLE = SettleStatement(
    f"WITH done AS MATERIALIZED ({SETTLE_CALL}), {records.INSERT} SELECT * FROM done", records.TYPES
)


def funded_wallet() -> int:
    wallet_id = wallet.open_wallet("Acme")
    wallet.grant_lot(wallet_id, Mandate("k", "r", actor=None), amount_nanos=100, source=LotSource.GIFT)
    return wallet_id


def charged_call(wallet_id: int, *, with_record: bool) -> UUID:
    call_id = uuid7()
    token = wallet.open_limit(wallet_id, kind=AccountKind.TOKEN, label="bot", limit_nanos=None)
    row = records.UsageRow(
        id=call_id,
        at=clock.now(),
        team_id=1,
        wallet_id=wallet_id,
        token_id=1,
        model_id=1,
        model_code="m",
        channel_id=1,
        access_group="default",
        endpoint="chat",
        price_version_id=1,
        latency_ms=5,
        ip="10.0.0.1",
    )
    wallet.authorise(HoldRequest(call_id, (token, wallet_id), 10, 0), owner_id=wallet.register_owner())
    entry = SettleEntry(call_id, (token, wallet_id), 7, 0, row.as_row() if with_record else ())
    wallet.settle_hold(entry, statement=SETTLE)
    return call_id


def test_the_command_says_that_the_books_are_right() -> None:
    charged_call(funded_wallet(), with_record=True)
    out = StringIO()

    call_command("verify_ledger", stdout=out)

    assert out.getvalue() == "The ledger is right.\n"


def test_a_charge_without_its_record_is_found() -> None:
    call_id = charged_call(funded_wallet(), with_record=False)

    assert verification.violations() == [f"call {call_id} was charged something else than its record"]


def test_the_command_fails_and_names_what_is_wrong() -> None:
    wallet_id = funded_wallet()
    Account.objects.filter(pk=wallet_id).update(credits_posted=101)
    errors = StringIO()

    with pytest.raises(CommandError, match="1 of its rules"):
        call_command("verify_ledger", stderr=errors)
    assert f"wallet {wallet_id} was credited something else" in errors.getvalue()


def test_the_nights_run_leaves_its_result_and_an_alert() -> None:
    Account.objects.filter(pk=funded_wallet()).update(credits_posted=101)

    assert verification.verify_ledger(now=clock.now) == 1

    run = journal.last_run(verification.JOB)
    assert run is not None
    assert run.outcome == "failed"
    assert journal.open_alerts() == 1
