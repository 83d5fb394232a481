"""The connection dies between COMMIT and its answer: nobody knows what happened, until `resend` asks."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from apps.core.ids import uuid7
from apps.wallet import statements
from apps.wallet.batching import LEDGER_ONLY, GroupCommit
from apps.wallet.packing import Packed, PackedDumper
from apps.wallet.types import HoldRequest, Outcome, Refusal, SettleEntry
from tests.doubles.database_line import DatabaseLine
from tests.live.ledger.conftest import CREDIT, LiveLedger

pytestmark = pytest.mark.live

AUTHORISING, SETTLING = "sluice ledger authorise", "sluice ledger settle"


@pytest.fixture
def line(ledger: LiveLedger, tmp_path: Path) -> Iterator[DatabaseLine]:
    with DatabaseLine(ledger.dsn, tmp_path) as line:
        yield line


@pytest.fixture(params=["answer", "question"])
def lose(line: DatabaseLine, request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Cuts the connection once: after the commit, or before the statement arrives. The caller cannot tell which."""
    return line.lose_next_answer if request.param == "answer" else line.lose_next_question


def told(ledger: LiveLedger, line: DatabaseLine, story: Callable[[GroupCommit], Awaitable[None]]) -> None:
    """The story on a ledger whose connections lead through the line."""

    async def whole() -> None:
        commit = GroupCommit(line.url, ledger.owner(), LEDGER_ONLY)
        await commit.start()
        try:
            await story(commit)
        finally:
            await commit.stop()

    asyncio.run(whole())
    assert line.cuts == 1


def requests_on(ledger: LiveLedger, wallet: int, count: int) -> list[HoldRequest]:
    token = ledger.token(wallet)
    return [HoldRequest(uuid7(), (token, wallet), CREDIT, 0) for _ in range(count)]


def charge(request: HoldRequest, nanos: int = CREDIT) -> SettleEntry:
    return SettleEntry(request.call_id, request.accounts, nanos, 0)


def test_an_authorise_whose_answer_is_lost_holds_once(
    ledger: LiveLedger, line: DatabaseLine, lose: Callable[[str], None]
) -> None:
    wallet = ledger.wallet(25 * CREDIT)
    requests = requests_on(ledger, wallet, 40)

    async def story(commit: GroupCommit) -> None:
        lose(AUTHORISING)
        answers = await asyncio.gather(*map(commit.authorise, requests))
        assert [answer.refusal for answer in answers] == [None] * 25 + [Refusal.FUNDS] * 15

    told(ledger, line, story)
    assert ledger.columns(wallet) == (25 * CREDIT, 0, 25 * CREDIT)
    assert ledger.number("SELECT count(*) FROM wallet_hold WHERE wallet_id = %s", wallet) == 25


def test_an_extension_whose_answer_is_lost_raises_the_hold_once(
    ledger: LiveLedger, line: DatabaseLine, lose: Callable[[str], None]
) -> None:
    wallet = ledger.wallet(10 * CREDIT)
    (request,) = requests_on(ledger, wallet, 1)

    async def story(commit: GroupCommit) -> None:
        await commit.authorise(request)
        lose(AUTHORISING)
        assert (await commit.extend(request.call_id, 4 * CREDIT)).refusal is None

    told(ledger, line, story)
    assert ledger.columns(wallet) == (10 * CREDIT, 0, 4 * CREDIT)


def test_a_settle_whose_answer_is_lost_charges_once(
    ledger: LiveLedger, line: DatabaseLine, lose: Callable[[str], None]
) -> None:
    wallet = ledger.wallet(100 * CREDIT)
    requests = requests_on(ledger, wallet, 40)

    async def story(commit: GroupCommit) -> None:
        await asyncio.gather(*map(commit.authorise, requests))
        lose(SETTLING)
        settlements = await asyncio.gather(*(commit.settle(charge(request, CREDIT // 2)) for request in requests))
        assert {settlement.charged_nanos for settlement in settlements} == {CREDIT // 2}
        assert {settlement.outcome for settlement in settlements} <= {Outcome.CHARGED, Outcome.REPEATED}

    told(ledger, line, story)
    assert ledger.columns(wallet) == (100 * CREDIT, 20 * CREDIT, 0)
    assert ledger.number("SELECT count(*) FROM wallet_transfer WHERE wallet_id = %s AND kind = 1", wallet) == 40


def test_a_charge_above_its_hold_whose_answer_is_lost_books_its_loss_once(
    ledger: LiveLedger, line: DatabaseLine, lose: Callable[[str], None]
) -> None:
    wallet = ledger.wallet(3 * CREDIT)
    (request,) = requests_on(ledger, wallet, 1)

    async def story(commit: GroupCommit) -> None:
        await commit.authorise(request)
        lose(SETTLING)
        settlement = await commit.settle(charge(request, 5 * CREDIT))
        assert (settlement.charged_nanos, settlement.lost_nanos) == (3 * CREDIT, 2 * CREDIT)

    told(ledger, line, story)
    assert ledger.columns(wallet) == (3 * CREDIT, 3 * CREDIT, 0)
    assert ledger.number("SELECT sum(amount_nanos) FROM wallet_transfer WHERE wallet_id = %s AND kind = 5", wallet) == (
        2 * CREDIT
    )


def test_a_void_whose_answer_is_lost_gives_back_once(
    ledger: LiveLedger, line: DatabaseLine, lose: Callable[[str], None]
) -> None:
    wallet = ledger.wallet(10 * CREDIT)
    first, second = requests_on(ledger, wallet, 2)

    async def story(commit: GroupCommit) -> None:
        await asyncio.gather(commit.authorise(first), commit.authorise(second))
        lose(SETTLING)
        await commit.void(first.call_id)

    told(ledger, line, story)
    assert ledger.columns(wallet) == (10 * CREDIT, 0, CREDIT)


def test_control_the_same_authorise_again_without_resend_clashes(ledger: LiveLedger) -> None:
    wallet = ledger.wallet(10 * CREDIT)
    requests = requests_on(ledger, wallet, 2)
    ledger.connection.adapters.register_dumper(Packed, PackedDumper)
    parameters = statements.authorise_parameters(requests, owner_id=ledger.owner(), resend=False)
    ledger.connection.execute(statements.AUTHORISE.encode(), parameters, binary=True)

    with pytest.raises(psycopg.errors.UniqueViolation):
        ledger.connection.execute(statements.AUTHORISE.encode(), parameters, binary=True)

    assert ledger.columns(wallet) == (10 * CREDIT, 0, 2 * CREDIT)


def test_control_whoever_takes_a_lost_connection_for_a_failure_holds_twice(
    ledger: LiveLedger, line: DatabaseLine
) -> None:
    wallet = ledger.wallet(10 * CREDIT)
    owner = ledger.owner()
    line.lose_next_answer("naive")

    for request in requests_on(ledger, wallet, 2):  # the same call, tried again as a new one
        parameters = statements.authorise_parameters([request], owner_id=owner, resend=False)
        with psycopg.connect(line.url, autocommit=True, application_name="naive") as connection:
            connection.adapters.register_dumper(Packed, PackedDumper)
            with suppress(psycopg.OperationalError):
                connection.execute(statements.AUTHORISE.encode(), parameters, binary=True)

    assert line.cuts == 1
    assert ledger.columns(wallet) == (10 * CREDIT, 0, 2 * CREDIT)
