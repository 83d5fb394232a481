"""The control of the storm: each kind of wrong that it looks for is found when it is there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import pytest

from apps.core.ids import uuid7
from tests.live.ledger.conftest import CREDIT, LiveLedger
from tests.storm import books
from tests.storm.load import Receipt

pytestmark = pytest.mark.live

CHARGE = """
INSERT INTO wallet_transfer (id, hold_id, wallet_id, kind, debit_account, credit_account, amount_nanos)
VALUES (%s, %s, %s, %s, %s, 1, %s)
"""


HOLD = """
INSERT INTO wallet_hold (id, wallet_id, accounts, amount_nanos, tokens, has_slot,
    token_tpm, wallet_tpm, token_tpm_stamp, wallet_tpm_stamp, owner_id, max_until)
VALUES (%s, %s, %s, 1, 0, false, 0, 0, 0, 0, 1, now())
"""


@dataclass
class Draft:
    """The ledger within a transaction that is taken back."""

    connection: psycopg.Connection
    wallet: int

    def rows(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        return self.connection.execute(statement.encode(), parameters or None).fetchall()

    def charge(self, call_id: UUID, nanos: int, *, transfer_id: UUID | None = None, kind: int = 1) -> None:
        self.connection.execute(CHARGE, [transfer_id or call_id, call_id, self.wallet, kind, self.wallet, nanos])


@pytest.fixture
def draft(ledger: LiveLedger) -> Iterator[Draft]:
    wallet = ledger.wallet(10 * CREDIT)
    with ledger.connection.transaction(force_rollback=True):
        yield Draft(ledger.connection, wallet)


def test_an_answer_without_a_charge_is_found(draft: Draft) -> None:
    assert len(books.receipts_broken(draft, [Receipt(uuid7(), CREDIT, CREDIT)])) == 1


def test_an_answer_that_told_another_cost_is_found(draft: Draft) -> None:
    call_id = uuid7()
    draft.charge(call_id, CREDIT)

    found = books.receipts_broken(draft, [Receipt(call_id, CREDIT, CREDIT - 1)])

    assert str(call_id) in found[0]


def test_a_charge_without_its_usage_record_is_found(draft: Draft) -> None:
    call_id = uuid7()
    draft.charge(call_id, CREDIT)

    assert len(books.receipts_broken(draft, [Receipt(call_id, CREDIT, CREDIT)])) == 1


def test_a_call_charged_twice_is_found(draft: Draft) -> None:
    call_id = uuid7()
    draft.charge(call_id, CREDIT)
    draft.charge(call_id, CREDIT, transfer_id=uuid7(), kind=4)

    assert f"call {call_id} was charged twice" in books.rules_broken(draft)


def test_an_overdrawn_account_is_found(draft: Draft) -> None:
    draft.connection.execute("ALTER TABLE wallet_account DROP CONSTRAINT wallet_account_no_overdraft")
    draft.connection.execute("UPDATE wallet_account SET debits_posted = %s WHERE id = %s", [11 * CREDIT, draft.wallet])

    assert f"account {draft.wallet} is overdrawn" in books.rules_broken(draft)


def test_a_hold_that_is_left_is_found(draft: Draft) -> None:
    before = books.open_holds(draft)
    draft.connection.execute(
        HOLD,
        [uuid7(), draft.wallet, [draft.wallet, draft.wallet + 1]],
    )

    assert f"{before + 1} holds are left" in books.rules_broken(draft)


def test_a_grant_that_was_acknowledged_and_is_gone_is_found(draft: Draft) -> None:
    assert len(books.grants_broken(draft, {"nobody knows this key": CREDIT})) == 1
