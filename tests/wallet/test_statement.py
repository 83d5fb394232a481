"""A wallet's statement: what it lists, what it leaves out, and that it adds up to the nanocredit."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from apps.core.pagination import Cursor, CursorInvalid
from apps.wallet import errors, services
from apps.wallet import queries as wallet
from apps.wallet.models import TransferKind
from apps.wallet.statement_lines import Code, Period, Total
from apps.wallet.types import LotTerms, Mandate
from tests.wallet.conftest import CREDIT, Payer
from tests.wallet.movements import DAY, charge_at, grant_at, move

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
TODAY = Period(DAY, DAY + 24 * HOUR)
EVER = Period(datetime(2000, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC))


@pytest.fixture
def acme(db: None) -> int:
    """100 credits on the day before, then two calls, a fee and a refund today, and a call tomorrow."""
    wallet_id = services.open_wallet("Acme")
    grant_at(wallet_id, 100 * CREDIT, at=DAY - HOUR, reason="order 7")
    charge_at(wallet_id, 3 * CREDIT, at=DAY)
    charge_at(wallet_id, 1, at=DAY + HOUR)
    move(wallet_id, -2 * CREDIT, kind=TransferKind.STORAGE_FEE, at=DAY + 2 * HOUR, reason="Shop")
    move(wallet_id, CREDIT, kind=TransferKind.CHARGE_REFUND, at=DAY + 3 * HOUR)
    charge_at(wallet_id, 5 * CREDIT, at=DAY + 24 * HOUR)
    return wallet_id


def test_a_period_runs_from_its_opening_to_its_closing_balance(acme: int) -> None:
    found = wallet.statement(acme, TODAY)

    assert found.opening_nanos == 100 * CREDIT
    assert [(line.code, line.amount_nanos, line.balance_nanos) for line in reversed(found.page.results)] == [
        (Code.COMPUTE, -3 * CREDIT, 97 * CREDIT),
        (Code.COMPUTE, -1, 96_999_999_999),
        (Code.STORAGE, -2 * CREDIT, 94_999_999_999),
        (Code.REFUND, CREDIT, 95_999_999_999),
    ]
    assert found.closing_nanos == 95_999_999_999


def test_totals_by_kind_lead_from_one_balance_to_the_other(acme: int) -> None:
    found = wallet.statement(acme, TODAY)

    assert found.totals == [
        Total(Code.COMPUTE, -3_000_000_001, 2),
        Total(Code.STORAGE, -2 * CREDIT, 1),
        Total(Code.REFUND, CREDIT, 1),
    ]
    assert found.opening_nanos + sum(total.amount_nanos for total in found.totals) == found.closing_nanos


def test_one_period_closes_where_the_next_one_opens(acme: int) -> None:
    tomorrow = Period(TODAY.end, TODAY.end + 24 * HOUR)

    assert wallet.statement(acme, TODAY).closing_nanos == wallet.statement(acme, tomorrow).opening_nanos
    assert wallet.statement(acme, tomorrow).closing_nanos == 90_999_999_999


def test_a_period_before_the_first_credits_is_empty(acme: int) -> None:
    found = wallet.statement(acme, Period(DAY - 48 * HOUR, DAY - 24 * HOUR))

    assert (found.opening_nanos, found.closing_nanos, found.totals, found.page.results) == (0, 0, [], [])


def test_the_last_balance_is_the_wallets(payer: Payer) -> None:
    payer.hold(5 * CREDIT)
    payer.settle(2 * CREDIT)

    found = wallet.statement(payer.wallet, EVER)

    assert found.opening_nanos == 0
    assert found.closing_nanos == wallet.balance_of(payer.wallet).balance_nanos == 98 * CREDIT
    assert [line.code for line in found.page.results] == [Code.COMPUTE, Code.ADJUSTMENT]


def test_what_moved_nothing_is_no_line(payer: Payer) -> None:
    payer.hold(5 * CREDIT)
    services.void_hold(payer.calls[-1].call_id)

    assert [line.code for line in wallet.statement(payer.wallet, EVER).page.results] == [Code.ADJUSTMENT]


def test_a_loss_of_the_house_never_appears(payer: Payer) -> None:
    payer.hold(60 * CREDIT)
    payer.settle(130 * CREDIT)

    found = wallet.statement(payer.wallet, EVER)

    assert [(line.code, line.amount_nanos) for line in found.page.results] == [
        (Code.COMPUTE, -100 * CREDIT),
        (Code.ADJUSTMENT, 100 * CREDIT),
    ]
    assert found.closing_nanos == 0


def test_every_act_of_the_ledger_is_a_line_of_its_kind(payer: Payer) -> None:
    def lot(key: str, source: str, **terms: object) -> UUID:
        mandate = Mandate(key, "", None)
        return services.grant_lot(
            payer.wallet,
            mandate,
            amount_nanos=CREDIT,
            source=source,
            terms=LotTerms(**terms),  # type: ignore[arg-type]
        )

    bought = lot("bought", "purchase", refund_until=EVER.end, paid_minor=700, currency="CNY")
    services.refund_lot(bought, Mandate("back", "", None), at=datetime.now(UTC))
    services.withdraw_lot(lot("bonus", "campaign"), Mandate("bonus gone", "", None))
    payer.hold(CREDIT)
    payer.settle(CREDIT)
    services.refund_charge(payer.calls[-1].call_id, Mandate("sorry", "", None), amount_nanos=3)
    fee = services.debit_adjustment(payer.wallet, Mandate("fee", "", None), amount_nanos=5)
    services.reverse_transfer(fee, reason="wrong", actor=None)
    owed = Mandate("storage", "", None)
    services.open_due(payer.wallet, owed, amount_nanos=7, kind=TransferKind.STORAGE_FEE, since=datetime.now(UTC))

    found = wallet.statement(payer.wallet, EVER)

    assert [(line.code, line.amount_nanos) for line in reversed(found.page.results)][1:] == [
        (Code.TOP_UP, CREDIT),
        (Code.PAID_BACK, -CREDIT),
        (Code.CAMPAIGN, CREDIT),
        (Code.WITHDRAWAL, -CREDIT),
        (Code.COMPUTE, -CREDIT),
        (Code.REFUND, 3),
        (Code.ADJUSTMENT, -5),
        (Code.REVERSAL, 5),
        (Code.STORAGE, -7),
    ]
    assert found.closing_nanos == wallet.balance_of(payer.wallet).balance_nanos == 99 * CREDIT - 4


def test_a_foreign_wallet_does_not_show(acme: int) -> None:
    assert wallet.statement(services.open_wallet("Else"), TODAY).page.results == []


def test_lines_name_what_they_are_about(acme: int) -> None:
    lot_id = grant_at(acme, CREDIT, "gift", at=DAY + 4 * HOUR, reason="welcome")
    call_id = charge_at(acme, 1, at=DAY + 5 * HOUR)

    call, gift = wallet.statement(acme, TODAY).page.results[:2]

    assert (call.call_id, call.lot_id) == (call_id, None)
    assert (gift.code, gift.lot_id, gift.reason) == (Code.GIFT, lot_id, "welcome")


def test_a_kind_can_be_chosen_and_balances_stay_those_of_the_wallet(acme: int) -> None:
    found = wallet.statement(acme, TODAY, codes=[Code.COMPUTE])

    assert [line.balance_nanos for line in found.page.results] == [96_999_999_999, 97 * CREDIT]
    assert (found.opening_nanos, found.closing_nanos) == (100 * CREDIT, 95_999_999_999)


def test_a_chosen_kind_of_grant_leaves_other_grants_out(acme: int) -> None:
    grant_at(acme, CREDIT, "gift", at=DAY + 4 * HOUR)
    grant_at(acme, CREDIT, "adjustment", at=DAY + 5 * HOUR)
    move(acme, -1, kind=TransferKind.ADJUSTMENT, at=DAY + 6 * HOUR)

    def chosen(code: Code) -> list[int]:
        return [line.amount_nanos for line in wallet.statement(acme, TODAY, codes=[code]).page.results]

    assert chosen(Code.GIFT) == [CREDIT]
    assert chosen(Code.ADJUSTMENT) == [-1, CREDIT]
    assert chosen(Code.TOP_UP) == []


def test_pages_lead_to_the_oldest_line_and_back(acme: int) -> None:
    first = wallet.statement(acme, TODAY, size=3)
    second = wallet.statement(acme, TODAY, size=3, cursor=first.page.next)
    back = wallet.statement(acme, TODAY, size=3, cursor=second.page.previous)

    assert [line.balance_nanos for line in second.page.results] == [97 * CREDIT]
    assert (first.page.previous, second.page.next) == (None, None)
    assert back.page.results == first.page.results
    assert (second.opening_nanos, second.totals) == (first.opening_nanos, first.totals)


def test_movements_of_one_instant_are_paged_by_their_ids(acme: int) -> None:
    for _ in range(5):
        charge_at(acme, 1, at=DAY + 6 * HOUR)

    seen, cursor = [], None
    while True:
        page = wallet.statement(acme, TODAY, size=2, cursor=cursor).page
        seen += page.results
        cursor = page.next
        if cursor is None:
            break

    assert len({line.id for line in seen}) == len(seen) == 9
    assert [line.balance_nanos for line in seen[:5]] == [95_999_999_999 - n for n in (5, 4, 3, 2, 1)]


@pytest.mark.parametrize("key", ["12", "9999999999999999.x", "0190aaaa-0000-7000-8000-000000000000", "1.-" + "-" * 35])
def test_a_cursor_of_another_list_is_refused(acme: int, key: str) -> None:
    with pytest.raises(CursorInvalid):
        wallet.statement(acme, TODAY, cursor=Cursor(key))


def test_a_wallet_that_does_not_exist_has_no_statement(db: None) -> None:
    with pytest.raises(errors.UnknownAccount):
        wallet.statement(0, TODAY)


def test_the_calls_of_a_business_day_can_be_one_line(acme: int) -> None:
    """Business days of Shanghai begin at 16:00 UTC."""
    charge_at(acme, 7, at=DAY + 15 * HOUR)
    charge_at(acme, 9, at=DAY + 16 * HOUR)

    found = wallet.statement(acme, TODAY, by_day=True)

    assert [(line.code, line.amount_nanos, line.count, str(line.calls_on)) for line in found.page.results] == [
        (Code.COMPUTE, -9, 1, "2026-03-11"),
        (Code.COMPUTE, -3_000_000_008, 3, "2026-03-10"),
        (Code.REFUND, CREDIT, 1, "None"),
        (Code.STORAGE, -2 * CREDIT, 1, "None"),
    ]


def test_lines_by_day_add_up_from_one_to_the_next(acme: int) -> None:
    found = wallet.statement(acme, TODAY, by_day=True)

    lines = list(reversed(found.page.results))
    assert [line.balance_nanos for line in lines] == [98 * CREDIT, 99 * CREDIT, 95_999_999_999]
    assert lines[-1].balance_nanos == found.closing_nanos
    assert found.totals == wallet.statement(acme, TODAY).totals


def test_days_are_paged_too(acme: int) -> None:
    charge_at(acme, 9, at=DAY + 16 * HOUR)

    first = wallet.statement(acme, TODAY, by_day=True, size=1)
    second = wallet.statement(acme, TODAY, by_day=True, size=1, cursor=first.page.next)

    assert [str(page.page.results[0].calls_on) for page in (first, second)] == ["2026-03-11", "2026-03-10"]
    assert wallet.statement(acme, TODAY, by_day=True, size=1, cursor=second.page.previous).page == first.page


def test_an_export_reads_every_movement_once_and_in_order(acme: int) -> None:
    found = wallet.statement(acme, TODAY, size=1)
    newest = found.page.results[0]

    chunks = list(
        wallet.movements(acme, TODAY, opening_nanos=found.opening_nanos, last=(newest.at, newest.id), chunk=3)
    )

    assert [len(chunk) for chunk in chunks] == [3, 1]
    lines = [line for chunk in chunks for line in chunk]
    assert lines == list(reversed(wallet.statement(acme, TODAY).page.results))
    assert lines[-1].balance_nanos == found.closing_nanos


def test_an_export_ends_where_its_balance_was_taken(acme: int) -> None:
    found = wallet.statement(acme, TODAY, size=1)
    newest = found.page.results[0]
    chunks = wallet.movements(acme, TODAY, opening_nanos=found.opening_nanos, last=(newest.at, newest.id), chunk=2)
    lines = next(chunks)

    charge_at(acme, CREDIT, at=DAY + 9 * HOUR)
    for chunk in chunks:
        lines += chunk

    assert lines[-1].balance_nanos == found.closing_nanos


def test_the_first_movement_is_found(acme: int) -> None:
    assert wallet.first_movement_at(acme) == DAY - HOUR
    assert wallet.first_movement_at(services.open_wallet("new")) is None
