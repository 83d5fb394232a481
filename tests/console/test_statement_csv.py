"""A statement as a file: read back with `csv` and `Decimal`, it adds up to the nanocredit."""

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.console.statement_csv import statement_csv
from apps.core.ids import public_id
from apps.teams.types import TeamAccess
from apps.wallet import queries as wallet
from apps.wallet import services
from apps.wallet.models import TransferKind
from apps.wallet.statement_lines import Period
from apps.wallet.types import Mandate
from tests.wallet.conftest import CREDIT
from tests.wallet.movements import DAY, charge_at, grant_at, move

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
MARCH = "/console/statement.csv?period=2026-03"


@pytest.fixture
def browser(client: Client, ada: User, team: TeamAccess) -> Client:
    client.force_login(ada)
    client.post("/console/payer", {"team": team.public_id})
    return client


def rows_of(browser: Client, address: str) -> list[dict[str, str]]:
    response = browser.get(address)
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_file_adds_up_from_opening_to_closing(browser: Client, team: TeamAccess) -> None:
    grant_at(team.wallet_id, 7 * CREDIT + 1, at=DAY)
    for n in range(1, 8):
        charge_at(team.wallet_id, n * 111_111_111, at=DAY)

    opening, *rows, closing = rows_of(browser, MARCH)

    assert (opening["kind"], closing["kind"], len(rows)) == ("opening", "closing", 8)
    assert Decimal(opening["balance"]) == 0
    balance = Decimal(opening["balance"])
    for row in rows:
        balance += Decimal(row["amount"])
        assert balance == Decimal(row["balance"])
    assert balance == Decimal(closing["balance"]) == Decimal("3.888888893")


def test_closing_balances_open_the_next_file_and_end_at_the_wallets(browser: Client, team: TeamAccess) -> None:
    grant_at(team.wallet_id, 7 * CREDIT, at=DAY)
    charge_at(team.wallet_id, 1, at=DAY)

    march = rows_of(browser, MARCH)
    since = rows_of(browser, "/console/statement.csv?from=2026-04-01")

    assert march[-1]["balance"] == since[0]["balance"] == "6.999999999"
    balance = wallet.balance_of(team.wallet_id).balance_nanos
    assert Decimal(since[-1]["balance"]) * CREDIT == balance == 106_999_999_999


def test_many_pages_make_one_file(team: TeamAccess) -> None:
    period = Period(DAY, DAY + timedelta(days=1))
    grant_at(team.wallet_id, CREDIT, at=DAY)
    for n in range(10):
        charge_at(team.wallet_id, n + 1, at=DAY)
    found = wallet.statement(team.wallet_id, period, size=1)
    last = (found.page.results[0].at, found.page.results[0].id)

    chunks = list(wallet.movements(team.wallet_id, period, opening_nanos=0, last=last, chunk=3))
    text = "".join(statement_csv(period, found.opening_nanos, chunks))

    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [len(chunk) for chunk in chunks] == [3, 3, 3, 2]
    assert len({row["id"] for row in rows[1:-1]}) == 11
    assert rows[-1]["balance"] == "0.999999945"


def test_each_row_names_what_it_is_about(browser: Client, team: TeamAccess) -> None:
    lot_id = grant_at(team.wallet_id, CREDIT, "wire", at=DAY, reason="=cmd|' /C calc'!A0")
    call_id = charge_at(team.wallet_id, 5, at=DAY + SECOND)
    corrects = {"reverses_id": call_id, "hold_id": call_id}
    refund = move(team.wallet_id, 2, kind=TransferKind.CHARGE_REFUND, at=DAY + 2 * SECOND, **corrects)

    _, grant, call, back, _ = rows_of(browser, MARCH)

    assert (grant["kind"], grant["lot"], grant["reason"]) == (
        "top_up",
        public_id("lot", lot_id),
        "'=cmd|' /C calc'!A0",
    )
    assert (call["kind"], call["amount"], call["request_id"]) == ("compute", "-0.000000005", public_id("req", call_id))
    assert (back["kind"], back["id"], back["corrects"]) == ("refund", public_id("tr", refund), public_id("tr", call_id))
    assert (grant["at"], grant["day"]) == ("2026-03-10T00:00:00.000000Z", "2026-03-10")


def test_days_without_movements_make_a_file_of_two_equal_balances(browser: Client) -> None:
    opening, closing = rows_of(browser, MARCH)

    assert (opening["balance"], closing["balance"]) == ("0", "0")
    assert (opening["day"], closing["day"]) == ("2026-03-01", "2026-03-31")


def test_days_that_are_none_are_not_found(browser: Client) -> None:
    assert browser.get("/console/statement.csv?period=2026-13").status_code == 404


def test_calls_that_settle_meanwhile_are_not_in_the_file(browser: Client, team: TeamAccess) -> None:
    response = browser.get("/console/statement.csv?from=2026-04-01")
    pieces = response.streaming_content
    text = next(iter(pieces))

    services.debit_adjustment(team.wallet_id, Mandate("meanwhile", "test", None), amount_nanos=CREDIT)

    rows = list(csv.DictReader(io.StringIO((text + b"".join(pieces)).decode(), newline="")))
    assert rows[-1]["balance"] == "100"
