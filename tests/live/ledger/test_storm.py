"""Four workers on real connections, every batch delivered twice."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from apps.core.ids import uuid7
from apps.wallet import statements
from apps.wallet.packing import Packed, PackedDumper
from apps.wallet.types import HoldAnswer, HoldRequest, RateLimits, Refusal, SettleEntry
from tests.live.ledger.conftest import CREDIT, LiveLedger

pytestmark = pytest.mark.live
WORKERS = 4


def in_parallel(work: Callable[[int], list[HoldAnswer]]) -> list[HoldAnswer]:
    with ThreadPoolExecutor(WORKERS) as pool:
        return [answer for answers in pool.map(work, range(WORKERS)) for answer in answers]


def connected(ledger: LiveLedger) -> psycopg.Connection:
    connection = psycopg.connect(ledger.dsn, autocommit=True)
    connection.adapters.register_dumper(Packed, PackedDumper)
    return connection


def ask_twice(connection: psycopg.Connection, batch: list[HoldRequest], *, owner: int) -> list[HoldAnswer]:
    """The first delivery's answer is lost; the second one must tell the same."""
    answers: list[HoldAnswer] = []
    for resend in (False, True):
        parameters = statements.authorise_parameters(batch, owner_id=owner, resend=resend)
        rows = connection.execute(statements.AUTHORISE.encode(), parameters, binary=True).fetchall()
        answers = statements.hold_answers(rows)
    return answers


def storm(
    ledger: LiveLedger, accounts: Callable[[random.Random], tuple[int, ...]], limits: RateLimits, calls: int
) -> list[HoldAnswer]:
    owner = ledger.owner()

    def work(number: int) -> list[HoldAnswer]:
        chance, answers = random.Random(number), []
        with connected(ledger) as connection:
            while len(answers) < calls:
                batch = [
                    HoldRequest(uuid7(), accounts(chance), CREDIT, 0, limits, RateLimits())
                    for _ in range(chance.randint(1, 60))
                ]
                answers += ask_twice(connection, batch, owner=owner)
        return answers

    return in_parallel(work)


def test_money_for_exactly_300_calls_grants_exactly_300(ledger: LiveLedger) -> None:
    wallet = ledger.wallet(300 * CREDIT + CREDIT - 1)
    tokens = [ledger.token(wallet) for _ in range(3)]

    answers = storm(ledger, lambda chance: (chance.choice(tokens), wallet), RateLimits(), 400)

    refusals = [answer.refusal for answer in answers]
    assert refusals.count(None) == 300
    assert set(refusals) == {None, Refusal.FUNDS}
    assert ledger.columns(wallet) == (300 * CREDIT + CREDIT - 1, 0, 300 * CREDIT)


def test_a_token_capped_at_50_calls_grants_exactly_50(ledger: LiveLedger) -> None:
    wallet = ledger.wallet(10_000 * CREDIT)
    token = ledger.token(wallet, 50 * CREDIT)

    answers = storm(ledger, lambda chance: (token, wallet), RateLimits(), 100)

    assert [answer.refusal for answer in answers].count(None) == 50
    assert {answer.account_id for answer in answers if answer.refusal} == {token}


def test_a_hundred_concurrent_calls_pass_and_the_next_does_not(ledger: LiveLedger) -> None:
    wallet = ledger.wallet(10_000 * CREDIT)
    token = ledger.token(wallet)

    answers = storm(ledger, lambda chance: (token, wallet), RateLimits(concurrency=100), 100)

    assert [answer.refusal for answer in answers].count(None) == 100
    assert ledger.number("SELECT open_slots FROM wallet_account WHERE id = %s", token) == 100


def test_sixty_requests_a_minute_pass_and_hardly_more(ledger: LiveLedger) -> None:
    wallet = ledger.wallet(10_000 * CREDIT)
    token = ledger.token(wallet)

    answers = storm(ledger, lambda chance: (token, wallet), RateLimits(rpm=60), 100)

    assert 60 <= [answer.refusal for answer in answers].count(None) <= 70  # one more for each second that it took


def test_batches_over_random_accounts_never_deadlock(ledger: LiveLedger) -> None:
    wallets = [ledger.wallet(10_000 * CREDIT) for _ in range(3)]
    tokens = {wallet: [ledger.token(wallet) for _ in range(3)] for wallet in wallets}
    owner = ledger.owner()

    def accounts(chance: random.Random) -> tuple[int, ...]:
        wallet = chance.choice(wallets)
        return (*chance.sample(tokens[wallet], 2), wallet)

    def work(number: int) -> list[HoldAnswer]:
        chance, answers = random.Random(number), []
        with connected(ledger) as connection:
            for _ in range(25):
                batch = [HoldRequest(uuid7(), accounts(chance), CREDIT, 0) for _ in range(chance.randint(1, 40))]
                answers += ask_twice(connection, batch, owner=owner)
                settle_twice(connection, batch)
        return answers

    answers = in_parallel(work)

    assert {answer.refusal for answer in answers} == {None}
    assert sum(ledger.columns(wallet)[1] for wallet in wallets) == len(answers) * CREDIT // 2
    assert [ledger.columns(wallet)[2] for wallet in wallets] == [0, 0, 0]


def settle_twice(connection: psycopg.Connection, batch: list[HoldRequest]) -> None:
    entries = [SettleEntry(request.call_id, request.accounts, CREDIT // 2, 0) for request in batch]
    for _ in range(2):
        parameters = statements.settle_parameters(entries, column_types=())
        connection.execute(statements.SETTLE_CALL.encode(), parameters, binary=True)


def test_the_control_without_lock_and_constraint_sells_what_is_not_there(ledger: LiveLedger) -> None:
    ledger.connection.execute("CREATE TABLE IF NOT EXISTS naive (id int PRIMARY KEY, available int)")
    ledger.connection.execute("INSERT INTO naive VALUES (1, 10) ON CONFLICT (id) DO UPDATE SET available = 10")
    all_have_read = threading.Barrier(WORKERS)

    def work(number: int) -> list[HoldAnswer]:
        granted = []
        with connected(ledger) as connection:
            for _ in range(10):
                row = connection.execute("SELECT available FROM naive").fetchone()
                all_have_read.wait()
                if row is not None and row[0] > 0:
                    connection.execute("UPDATE naive SET available = %s", [row[0] - 1])
                    granted.append(HoldAnswer(None, 0, 0, 0))
                all_have_read.wait()
        return granted

    assert len(in_parallel(work)) == 40
    assert ledger.number("SELECT available FROM naive") == 0


def test_the_control_without_lock_hits_the_constraint_instead_of_overdrawing(ledger: LiveLedger) -> None:
    wallet = ledger.wallet(CREDIT)
    both_have_read = threading.Barrier(WORKERS)
    refused = []

    def work(number: int) -> list[HoldAnswer]:
        with connected(ledger) as connection:
            row = connection.execute(
                "SELECT credits_posted - debits_posted FROM wallet_account WHERE id = %s", [wallet]
            ).fetchone()
            both_have_read.wait()
            assert row == (CREDIT,)
            try:
                connection.execute(
                    "UPDATE wallet_account SET debits_posted = debits_posted + %s WHERE id = %s", [CREDIT, wallet]
                )
            except psycopg.errors.CheckViolation as error:
                refused.append(error.diag.constraint_name)
        return []

    in_parallel(work)

    assert refused == ["wallet_account_no_overdraft"] * (WORKERS - 1)
    ledger.connection.execute("UPDATE wallet_account SET debits_posted = 0 WHERE id = %s", [wallet])
