from datetime import timedelta
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from apps.core import clock
from apps.core.ids import uuid7
from apps.journal import queries as journal
from apps.journal.models import OperatorAlert
from apps.journal.services import close_alert
from apps.usage import records, verification
from apps.usage.models import UsageRecord
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


def verified(*, is_full: bool = False) -> tuple[str, ...]:
    return verification.verify_ledger(now=clock.now, is_full=is_full).violations


def wrong(call_id: UUID) -> str:
    return f"call {call_id} was charged something else than its record"


def let_pass(minutes: int) -> None:
    """On the clock of the ledger and of what it settled: everything so far lies so long back."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table, column in (("wallet_transfer", "at"), ("usage_record", "settled_at")):
            cursor.execute(f"UPDATE {table} SET {column} = {column} - make_interval(mins => %s)", [minutes])
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_the_command_fails_and_names_what_is_wrong() -> None:
    wallet_id = funded_wallet()
    Account.objects.filter(pk=wallet_id).update(debits_pending=1)
    errors = StringIO()

    with pytest.raises(CommandError, match="1 of its rules"):
        call_command("verify_ledger", stderr=errors)
    assert f"account {wallet_id} holds something else than its open holds" in errors.getvalue()


def test_a_check_leaves_its_result_and_an_alert() -> None:
    Account.objects.filter(pk=funded_wallet()).update(debits_pending=1)

    assert len(verified()) == 1

    run = journal.last_run(verification.JOB)
    assert run is not None
    assert (run.outcome, run.details["violations"]) == ("failed", 1)
    assert journal.open_alerts() == 1


def test_a_second_night_counts_the_open_alert_up() -> None:
    Account.objects.filter(pk=funded_wallet()).update(debits_pending=1)

    assert verified() == verified()

    assert [alert.times for alert in OperatorAlert.objects.all()] == [2]


def test_what_the_ledger_has_wrong_is_told_every_night_whoever_closes_the_alert() -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO wallet_posting (key, digest, transfer_id) VALUES ('lost', 'x', wallet_new_id())")
    let_pass(10)
    assert verified() == ("key lost names a transfer that is not there",)

    close_alert(OperatorAlert.objects.get().pk, actor=1, at=clock.now(), reason="Seen.")

    assert verified() == ("key lost names a transfer that is not there",)


def test_new_calls_are_compared_once_they_have_settled() -> None:
    wallet_id = funded_wallet()
    right, missing = charged_call(wallet_id, with_record=True), charged_call(wallet_id, with_record=False)
    let_pass(10)

    assert verified() == (wrong(missing),)
    assert str(right) not in str(journal.open_alert_details(verification.JOB))


def test_a_wrong_call_is_told_every_night_until_a_person_closes_the_alert() -> None:
    call_id = charged_call(funded_wallet(), with_record=False)
    let_pass(10)
    assert verified() == (wrong(call_id),)
    assert verified() == (wrong(call_id),)

    close_alert(OperatorAlert.objects.get().pk, actor=1, at=clock.now(), reason="Its record was lost.")

    assert verified() == ()
    assert verified(is_full=True) == (wrong(call_id),)


def test_a_call_that_was_put_right_is_told_no_more() -> None:
    call_id = charged_call(funded_wallet(), with_record=True)
    UsageRecord.objects.filter(pk=call_id).update(charge_nanos=8)
    let_pass(10)
    assert verified() == (wrong(call_id),)
    UsageRecord.objects.filter(pk=call_id).update(charge_nanos=7)

    assert verified() == ()


def test_a_call_on_both_sides_of_a_bound_is_not_suspected() -> None:
    call_id = charged_call(funded_wallet(), with_record=True)
    let_pass(65)
    UsageRecord.objects.filter(pk=call_id).update(settled_at=clock.now() - timedelta(minutes=3))
    assert verified() == ()
    UsageRecord.objects.filter(pk=call_id).update(settled_at=clock.now() - timedelta(minutes=6))

    assert verified() == ()


def test_what_one_span_found_is_told_in_the_transaction_that_moves_the_mark() -> None:
    call_id = charged_call(funded_wallet(), with_record=False)
    let_pass(10)
    until = wallet.complete_until()

    verification._compare_span(until, timedelta(days=1), known=verification.Books())  # and then the run was killed

    assert journal.open_alert_details(verification.JOB)["calls"] == [str(call_id)]
    assert verified() == (wrong(call_id),)
