"""The relay's batching on real connections: shared statements, lost connections, callers that leave."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager

import psycopg
import pytest

from apps.core.ids import uuid7
from apps.wallet import lanes
from apps.wallet.batching import LEDGER_ONLY, SETTLE_CALL, GroupCommit
from apps.wallet.errors import LedgerBusy, LedgerFault, LedgerUnavailable
from apps.wallet.lanes import Lane
from apps.wallet.types import HoldRequest, Outcome, Refusal, SettleEntry, SettleStatement
from tests.live.ledger.conftest import CREDIT, NAME, LiveLedger

pytestmark = pytest.mark.live

NOTED = SettleStatement(
    f"""
    WITH done AS MATERIALIZED ({SETTLE_CALL}), noted AS (
        INSERT INTO live_note (id, note, charged)
        SELECT id, u.note, d.charged FROM unnest(%s::uuid[], %s::text[]) AS u (id, note) JOIN done d USING (id)
        WHERE d.outcome IN ('charged', 'late', 'voided')
    ) SELECT * FROM done
    """,
    ("uuid", "text"),
)
NO_ROOM = """
CREATE OR REPLACE FUNCTION live_no_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full';
END $$;
CREATE TRIGGER no_room BEFORE INSERT ON live_note FOR EACH ROW EXECUTE FUNCTION live_no_room();
"""
CUT = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name LIKE 'sluice ledger %'"
)


@pytest.fixture
def notes(ledger: LiveLedger) -> Iterator[None]:
    """A table that stands where usage rows stand; it refuses the note `bad`."""
    ledger.connection.execute(
        "CREATE TABLE live_note (id uuid PRIMARY KEY, note text CHECK (note <> 'bad'), charged bigint NOT NULL)"
    )
    yield
    ledger.connection.execute("DROP TABLE live_note")


@asynccontextmanager
async def running(ledger: LiveLedger, statement: SettleStatement = LEDGER_ONLY) -> AsyncIterator[GroupCommit]:
    commit = GroupCommit(ledger.dsn, ledger.owner(), statement)
    await commit.start()
    try:
        yield commit
    finally:
        await commit.stop()


def requests_on(ledger: LiveLedger, wallet: int, count: int, nanos: int = CREDIT) -> list[HoldRequest]:
    token = ledger.token(wallet)
    return [HoldRequest(uuid7(), (token, wallet), nanos, 0) for _ in range(count)]


def entry(request: HoldRequest, *, note: str = "") -> SettleEntry:
    row = (request.call_id, note) if note else ()
    return SettleEntry(request.call_id, request.accounts, request.amount_nanos, 0, row)


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("It did not happen within ten seconds.")


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(story())  # type: ignore[arg-type]


def test_500_calls_at_once_share_statements_and_money_for_100_grants_100(ledger: LiveLedger) -> None:
    wallet = ledger.wallet(100 * CREDIT)
    requests = requests_on(ledger, wallet, 500)

    async def story() -> None:
        async with running(ledger) as commit:
            answers = await asyncio.gather(*map(commit.authorise, requests))
            granted = [request for request, answer in zip(requests, answers, strict=True) if answer.refusal is None]
            assert len(granted) == 100
            assert {answer.refusal for answer in answers} == {None, Refusal.FUNDS}
            settlements = await asyncio.gather(*(commit.settle(entry(request)) for request in granted))
            assert {settlement.outcome for settlement in settlements} == {Outcome.CHARGED}

    run(story)
    assert ledger.columns(wallet) == (100 * CREDIT, 100 * CREDIT, 0)


def test_the_usage_row_stores_the_ledgers_figure_in_the_same_statement(ledger: LiveLedger, notes: None) -> None:
    wallet = ledger.wallet(10 * CREDIT)
    (request,) = requests_on(ledger, wallet, 1)

    async def story() -> None:
        async with running(ledger, NOTED) as commit:
            await commit.authorise(request)
            greedy = SettleEntry(request.call_id, request.accounts, 25 * CREDIT, 0, (request.call_id, "fine"))
            settlement = await commit.settle(greedy)
            again = await commit.settle(greedy)
            assert (settlement.charged_nanos, settlement.lost_nanos) == (10 * CREDIT, 15 * CREDIT)
            assert (again.outcome, again.charged_nanos) == (Outcome.REPEATED, 10 * CREDIT)

    run(story)
    assert ledger.number("SELECT charged FROM live_note WHERE id = %s", request.call_id) == 10 * CREDIT


def test_a_row_that_the_database_refuses_fails_alone(ledger: LiveLedger, notes: None) -> None:
    wallet = ledger.wallet(100 * CREDIT)
    requests = requests_on(ledger, wallet, 20)

    async def story() -> None:
        async with running(ledger, NOTED) as commit:
            await asyncio.gather(*map(commit.authorise, requests))
            results = await asyncio.gather(
                *(
                    commit.settle(entry(request, note="bad" if n == 7 else "fine"))
                    for n, request in enumerate(requests)
                ),
                return_exceptions=True,
            )
            assert [n for n, result in enumerate(results) if isinstance(result, LedgerFault)] == [7]

    run(story)
    assert ledger.columns(wallet) == (100 * CREDIT, 19 * CREDIT, 0)
    assert ledger.number("SELECT count(*) FROM live_note") == 19
    alerted = "SELECT details->>'charge_nanos' FROM journal_operatoralert WHERE dedupe_key = %s"
    assert ledger.number(alerted, f"ledger-refused:{wallet}") == CREDIT


def test_no_call_begins_when_none_could_be_settled(ledger: LiveLedger) -> None:
    wallet = ledger.wallet(10 * CREDIT)
    (request,) = requests_on(ledger, wallet, 1)

    async def story() -> None:
        async with running(ledger) as commit:
            assert commit.is_alive
            for task in asyncio.all_tasks():
                if task.get_name() == "ledger settle":
                    task.cancel()
            await asyncio.sleep(0)
            assert not commit.is_alive
            with pytest.raises(LedgerUnavailable):
                await commit.authorise(request)

    run(story)
    assert ledger.columns(wallet) == (10 * CREDIT, 0, 0)


def test_an_answer_whose_caller_is_cancelled_as_it_comes_is_unwanted(ledger: LiveLedger) -> None:
    async def story() -> None:
        unwanted = []

        async def send(connection: psycopg.AsyncConnection, batch: Sequence[int], *, resend: bool) -> list[int]:
            asyncio.get_running_loop().call_soon(caller.cancel)  # before the answer wakes the caller
            return [number + 1 for number in batch]

        lane: Lane[int, int] = Lane(
            "test",
            ledger.dsn,
            send=send,
            key_of=lambda number: number,
            deadline_seconds=5,
            unwanted=lambda *pair: unwanted.append(pair),
        )
        await lane.start()
        caller = asyncio.create_task(lane.submit(1))
        with pytest.raises(asyncio.CancelledError):
            await caller
        await lane.stop()
        assert unwanted == [(1, 2)]

    run(story)


def test_killed_connections_lose_no_call_and_charge_none_twice(ledger: LiveLedger) -> None:
    wallet = ledger.wallet(2000 * CREDIT)
    requests = requests_on(ledger, wallet, 600)

    async def story() -> None:
        async with running(ledger) as commit:

            async def whole_call(request: HoldRequest) -> Outcome:
                answer = await commit.authorise(request)
                assert answer.refusal is None
                return (await commit.settle(entry(request))).outcome

            calls = asyncio.gather(*map(whole_call, requests))
            killed = 0
            for _ in range(5):
                await asyncio.sleep(0.02)
                killed += ledger.number(CUT)
            assert killed >= 2
            assert set(await calls) <= {Outcome.CHARGED, Outcome.REPEATED}

    run(story)
    assert ledger.columns(wallet) == (2000 * CREDIT, 600 * CREDIT, 0)


def test_a_settle_waits_until_the_database_is_back(ledger: LiveLedger) -> None:
    wallet = ledger.wallet(10 * CREDIT)
    (request,) = requests_on(ledger, wallet, 1)

    async def story() -> None:
        async with running(ledger) as commit:
            await commit.authorise(request)
            with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
                server.execute(f"ALTER DATABASE {NAME} ALLOW_CONNECTIONS false")
                try:
                    ledger.connection.execute(CUT)
                    settle = asyncio.create_task(commit.settle(entry(request)))
                    await asyncio.sleep(0.5)
                    assert not settle.done()
                finally:
                    server.execute(f"ALTER DATABASE {NAME} ALLOW_CONNECTIONS true")
            assert (await settle).outcome is Outcome.CHARGED

    run(story)
    assert ledger.columns(wallet) == (10 * CREDIT, CREDIT, 0)


def test_while_settles_are_held_up_nothing_new_begins(
    ledger: LiveLedger, notes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "HELD_UP_SECONDS", 0.2)
    wallet = ledger.wallet(10 * CREDIT)
    first, second = requests_on(ledger, wallet, 2)
    ledger.connection.execute(NO_ROOM)

    async def story() -> None:
        async with running(ledger, NOTED) as commit:
            await commit.authorise(first)
            settle = asyncio.create_task(commit.settle(entry(first, note="fine")))
            await asyncio.sleep(0.5)
            with pytest.raises(LedgerUnavailable):
                await commit.authorise(second)
            ledger.connection.execute("DROP TRIGGER no_room ON live_note")
            assert (await settle).outcome is Outcome.CHARGED
            assert (await commit.authorise(second)).refusal is None

    run(story)
    assert ledger.columns(wallet) == (10 * CREDIT, CREDIT, CREDIT)


def test_a_hold_of_a_caller_who_left_is_given_back(ledger: LiveLedger) -> None:
    wallet = ledger.wallet(10 * CREDIT)
    blocked, *_ = requests_on(ledger, wallet, 1)

    async def story() -> None:
        async with running(ledger) as commit:
            with ledger.connection.transaction():
                ledger.connection.execute("SELECT wallet_lock(%s)", [[wallet]])
                call = asyncio.create_task(commit.authorise(blocked))
                await asyncio.sleep(0.1)
                call.cancel()
            await until(lambda: ledger.value("SELECT kind FROM wallet_transfer WHERE id = %s", blocked.call_id) == 2)

    run(story)
    assert ledger.columns(wallet) == (10 * CREDIT, 0, 0)


def test_a_settle_goes_on_when_its_caller_leaves(ledger: LiveLedger) -> None:
    wallet = ledger.wallet(10 * CREDIT)
    (request,) = requests_on(ledger, wallet, 1)

    async def story() -> None:
        async with running(ledger) as commit:
            await commit.authorise(request)
            settle = asyncio.create_task(commit.settle(entry(request)))
            await asyncio.sleep(0)
            settle.cancel()

    run(story)
    assert ledger.columns(wallet) == (10 * CREDIT, CREDIT, 0)


def test_stopping_finishes_what_waits_and_refuses_what_comes(ledger: LiveLedger) -> None:
    wallet = ledger.wallet(1000 * CREDIT)
    requests = requests_on(ledger, wallet, 450)

    async def story() -> None:
        commit = GroupCommit(ledger.dsn, ledger.owner(), LEDGER_ONLY)
        await commit.start()
        await asyncio.gather(*map(commit.authorise, requests))
        settles = [asyncio.create_task(commit.settle(entry(request))) for request in requests]
        await asyncio.sleep(0)
        await commit.stop()
        assert {(await settle).outcome for settle in settles} == {Outcome.CHARGED}
        with pytest.raises(LedgerUnavailable):
            await commit.authorise(requests[0])

    run(story)


def test_extensions_travel_with_authorises(ledger: LiveLedger) -> None:
    wallet = ledger.wallet(10 * CREDIT)
    first, second = requests_on(ledger, wallet, 2)

    async def story() -> None:
        async with running(ledger) as commit:
            await commit.authorise(first)
            extended, granted = await asyncio.gather(commit.extend(first.call_id, 4 * CREDIT), commit.authorise(second))
            assert (extended.refusal, granted.refusal) == (None, None)
            await asyncio.gather(commit.void(first.call_id), commit.void(second.call_id))

    run(story)
    assert ledger.columns(wallet) == (10 * CREDIT, 0, 0)


def test_a_full_queue_refuses_and_a_missing_database_answers_in_time(ledger: LiveLedger) -> None:
    database_is_back = asyncio.Event()
    unwanted: list[int] = []

    async def echo(connection: object, batch: Sequence[int], *, resend: bool) -> list[int]:
        if not database_is_back.is_set():
            raise OSError
        return list(batch)

    async def story() -> None:
        lane: Lane[int, int] = Lane(
            "test",
            ledger.dsn,
            send=echo,
            key_of=lambda n: n,
            at_most=2,
            deadline_seconds=0.3,
            unwanted=lambda request, answer: unwanted.append(answer),
        )
        await lane.start()
        waiting = [asyncio.create_task(lane.submit(n)) for n in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(LedgerBusy):
            await waiting[2]
        results = await asyncio.gather(*waiting[:2], return_exceptions=True)
        database_is_back.set()
        await lane.stop()
        assert [type(result) for result in results] == [LedgerUnavailable, LedgerUnavailable]

    run(story)
    assert unwanted == [0, 1]
