"""A migrated database of its own for tests that commit, and what they need to fill and check it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from pytest_django.plugin import DjangoDbBlocker

from apps.core.ids import uuid7
from apps.wallet.invariants import RULES
from tests import databases
from tests.live.ledger.racers import Racers

CREDIT = 1_000_000_000
NAME = "sluice_live_ledger"


@pytest.fixture(scope="session")
def ledger_dsn() -> Iterator[str]:
    """Apart from the database of the other tests, whose transactions are rolled back and never meet each other."""
    server = os.environ["DATABASE_URL"]
    yield databases.copy(server, NAME)
    databases.drop(server, NAME)


@dataclass
class LiveLedger:
    """The committed ledger of this module's tests, reached through a connection of its own."""

    dsn: str
    connection: psycopg.Connection

    def value(self, text: str, *parameters: object) -> object:
        row = self.connection.execute(text.encode(), parameters or None).fetchone()
        return row[0] if row else None

    def number(self, text: str, *parameters: object) -> int:
        return int(str(self.value(text, *parameters)))

    def wallet(self, nanos: int) -> int:
        wallet = self.number("SELECT wallet_open(1::smallint, NULL, 'live', NULL)")
        transfer = self.value(
            "SELECT transfer_id FROM wallet_post(ARRAY[%s], ARRAY['x'::bytea], ARRAY[6::smallint], ARRAY[2::bigint], "
            "ARRAY[%s::bigint], ARRAY[%s::bigint], ARRAY[%s::bigint], ARRAY['live'], ARRAY[NULL::bigint], "
            "ARRAY[NULL::uuid])",
            str(uuid7()),
            wallet,
            nanos,
            wallet,
        )
        self.connection.execute(
            "INSERT INTO wallet_lot (id, wallet_id, transfer_id, source, amount_nanos) VALUES (%s, %s, %s, 'gift', %s)",
            [uuid7(), wallet, transfer, nanos],
        )
        return wallet

    def token(self, wallet: int, limit_nanos: int | None = None) -> int:
        return self.number("SELECT wallet_open(2::smallint, %s, 'live', %s)", wallet, limit_nanos)

    def owner(self) -> int:
        return self.number(
            "INSERT INTO wallet_owner (label, lease_until) VALUES ('live', now() + interval '1 hour') RETURNING id"
        )

    def columns(self, account: int) -> tuple[int, int, int]:
        """Credits posted, debits posted, debits pending."""
        row = self.connection.execute(
            "SELECT credits_posted, debits_posted, debits_pending FROM wallet_account WHERE id = %s", [account]
        ).fetchone()
        assert row is not None
        return row[0], row[1], row[2]

    def violations(self) -> list[str]:
        return [
            sentence.format(row[0])
            for sentence, query in RULES
            for row in self.connection.execute(query.encode()).fetchall()
        ]


@pytest.fixture
def ledger(ledger_dsn: str) -> Iterator[LiveLedger]:
    """Checks the invariants when the test is over."""
    with psycopg.connect(ledger_dsn, autocommit=True) as connection:
        live = LiveLedger(ledger_dsn, connection)
        yield live
        assert live.violations() == []


@pytest.fixture
def racers(ledger: LiveLedger, django_db_blocker: DjangoDbBlocker) -> Iterator[Racers]:
    """Threads that call the services on the live ledger."""
    with django_db_blocker.unblock():
        yield Racers(ledger.dsn, ledger.connection)
