"""A statement read while calls settle adds up all the same; two questions one after the other would not."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise

import pytest

from apps.core.ids import uuid7
from apps.wallet import queries as wallets
from apps.wallet import services
from apps.wallet.statement_lines import Movement, Period, Statement
from apps.wallet.types import HoldRequest, SettleEntry
from tests.live.ledger.conftest import CREDIT, LiveLedger
from tests.live.ledger.racers import Racers

pytestmark = pytest.mark.live

EVER = Period(datetime(2000, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC))
READS = 60
PATIENCE = 2_000


@pytest.fixture
def wallet(ledger: LiveLedger) -> int:
    return ledger.wallet(1_000_000 * CREDIT)


def charge_until(over: threading.Event, wallet: int, token: int) -> int:
    """One call after the other; returns how many."""
    owner, calls = services.register_owner("statement"), 0
    while not over.is_set():
        request = HoldRequest(uuid7(), (token, wallet), CREDIT, 0)
        services.authorise(request, owner_id=owner)
        services.settle_hold(SettleEntry(request.call_id, request.accounts, CREDIT, 0))
        calls += 1
    return calls


@contextmanager
def calls_settling(racers: Racers, ledger: LiveLedger, wallet: int) -> Iterator[None]:
    """Two callers that settle calls without a pause, until the block ends."""
    over = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        callers = [
            pool.submit(racers.alone, partial(charge_until, over, wallet, ledger.token(wallet))) for _ in range(2)
        ]
        try:
            yield
        finally:
            over.set()
        assert all(caller.result() > 0 for caller in callers)


def adds_up(found: Statement) -> bool:
    newest = found.page.results[0]
    steps = all(
        newer.balance_nanos - newer.amount_nanos == older.balance_nanos for newer, older in pairwise(found.page.results)
    )
    return found.opening_nanos == 0 and newest.balance_nanos == found.closing_nanos and steps


def asked_twice(wallet: int) -> bool:
    """The control: the balance first, then the movements."""
    balance = wallets.balance_of(wallet).balance_nanos
    return wallets.statement(wallet, EVER).moved_nanos == balance


def many(ask: Callable[[], bool]) -> Callable[[], list[bool]]:
    return lambda: [ask() for _ in range(READS)]


def exported(wallet: int) -> tuple[Statement, list[Movement]]:
    found = wallets.statement(wallet, EVER, size=1)
    newest = found.page.results[0]
    last = (newest.at, newest.id)
    chunks = wallets.movements(wallet, EVER, opening_nanos=found.opening_nanos, last=last, chunk=20)
    return found, [movement for chunk in chunks for movement in chunk]


def test_every_page_adds_up_while_calls_settle(racers: Racers, ledger: LiveLedger, wallet: int) -> None:
    with calls_settling(racers, ledger, wallet):
        seen = racers.alone(many(lambda: adds_up(wallets.statement(wallet, EVER))))
        by_day = racers.alone(many(lambda: adds_up(wallets.statement(wallet, EVER, by_day=True))))

    assert all(seen)
    assert all(by_day)


def test_two_questions_contradict_each_other(racers: Racers, ledger: LiveLedger, wallet: int) -> None:
    with calls_settling(racers, ledger, wallet):
        contradicted = racers.alone(lambda: any(not asked_twice(wallet) for _ in range(PATIENCE)))

    assert contradicted


def test_an_export_of_many_queries_is_the_snapshot_it_began_with(
    racers: Racers, ledger: LiveLedger, wallet: int
) -> None:
    with calls_settling(racers, ledger, wallet):
        racers.alone(many(lambda: adds_up(wallets.statement(wallet, EVER))))
        exports = [racers.alone(lambda: exported(wallet)) for _ in range(5)]

    for found, lines in exports:
        assert len(lines) == found.count
        assert lines[-1].balance_nanos == found.closing_nanos
