"""Two acts at the same instant, on real connections: as if one had come after the other, whichever comes first.

Every race has a control: the same decision without the lock, taken by two who have both read before either writes.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import psycopg
import pytest

from apps.core.ids import uuid7
from apps.wallet import services as wallets
from apps.wallet.errors import IdempotencyConflict, InsufficientFunds, RefundTooLarge
from apps.wallet.models import TransferKind
from apps.wallet.types import HoldAnswer, HoldRequest, House, LotTerms, Mandate, Posting, Refusal, SettleEntry
from tests.live.ledger.conftest import CREDIT, LiveLedger
from tests.live.ledger.racers import Racers

pytestmark = pytest.mark.live

SPENT = "SELECT coalesce(sum(amount_nanos), 0) FROM wallet_transfer WHERE wallet_id = %s AND kind = %s"


def mandate(key: str = "") -> Mandate:
    return Mandate(key or str(uuid7()), "race", actor=None)


def request_on(ledger: LiveLedger, wallet: int, nanos: int = CREDIT, *, token: int = 0) -> HoldRequest:
    return HoldRequest(uuid7(), (token or ledger.token(wallet), wallet), nanos, 0)


def authorising(request: HoldRequest, owner: int) -> Callable[[], HoldAnswer]:
    return lambda: wallets.authorise(request, owner_id=owner)


def charging(request: HoldRequest, nanos: int) -> Callable[[], object]:
    return lambda: wallets.settle_hold(SettleEntry(request.call_id, request.accounts, nanos, 0))


def kinds(outcomes: list[object]) -> set[type]:
    return {type(outcome) for outcome in outcomes}


@pytest.fixture
def naive(ledger: LiveLedger) -> str:
    """A table without a rule, for the controls."""
    ledger.connection.execute("CREATE TABLE IF NOT EXISTS naive (id int PRIMARY KEY, available int)")
    ledger.connection.execute("CREATE TABLE IF NOT EXISTS naive_entry (amount int)")
    ledger.connection.execute("TRUNCATE naive, naive_entry")
    ledger.connection.execute("INSERT INTO naive VALUES (1, 10)")
    return "naive"


def enter(amount: int, *, fits: Callable[[int], bool]) -> Callable[[psycopg.Connection, int], None]:
    """Writes an entry if what was read says that it fits."""

    def write(connection: psycopg.Connection, read: int) -> None:
        if fits(read):
            connection.execute("INSERT INTO naive_entry VALUES (%s)", [amount])

    return write


ENTERED = "SELECT coalesce(sum(amount), 0) FROM naive_entry"


# -- Refunds of one charge ---------------------------------------------------------------------------


def charged(ledger: LiveLedger, racers: Racers, wallet: int, nanos: int) -> UUID:
    request, owner = request_on(ledger, wallet, nanos), ledger.owner()
    racers.alone(authorising(request, owner))
    racers.alone(charging(request, nanos))
    return request.call_id


def test_two_refunds_at_once_never_give_back_more_than_the_charge(ledger: LiveLedger, racers: Racers) -> None:
    wallet = ledger.wallet(10 * CREDIT)
    charge = charged(ledger, racers, wallet, 6 * CREDIT)

    outcomes = racers.lined_up(
        wallet, [lambda: wallets.refund_charge(charge, mandate(), amount_nanos=4 * CREDIT) for _ in range(2)]
    )

    assert kinds(outcomes) == {UUID, RefundTooLarge}
    assert ledger.columns(wallet) == (14 * CREDIT, 6 * CREDIT, 0)


def test_one_refund_asked_for_by_four_at_once_happens_once(ledger: LiveLedger, racers: Racers) -> None:
    wallet = ledger.wallet(10 * CREDIT)
    charge = charged(ledger, racers, wallet, 6 * CREDIT)
    same = mandate()

    outcomes = racers.lined_up(
        wallet, [lambda: wallets.refund_charge(charge, same, amount_nanos=CREDIT) for _ in range(4)]
    )

    assert len(set(outcomes)) == 1
    assert ledger.columns(wallet) == (11 * CREDIT, 6 * CREDIT, 0)


def test_control_refunds_that_look_first_give_back_too_much(ledger: LiveLedger, racers: Racers, naive: str) -> None:
    racers.unlocked(ENTERED, enter(4, fits=lambda given_back: given_back + 4 <= 6))

    assert ledger.number(ENTERED) == 8


# -- Dues --------------------------------------------------------------------------------------------


def granting(wallet: int, nanos: int) -> Callable[[], object]:
    return lambda: wallets.grant_lot(wallet, mandate(), amount_nanos=nanos, source="gift")


def test_two_grants_at_once_settle_a_due_once(ledger: LiveLedger, racers: Racers) -> None:
    wallet = ledger.wallet(CREDIT)
    since = datetime.now(UTC)
    racers.alone(
        lambda: wallets.open_due(wallet, mandate(), amount_nanos=5 * CREDIT, kind=TransferKind.STORAGE_FEE, since=since)
    )

    racers.lined_up(wallet, [granting(wallet, 6 * CREDIT), granting(wallet, 6 * CREDIT)])

    assert ledger.columns(wallet) == (13 * CREDIT, 5 * CREDIT, 0)
    assert ledger.number(SPENT, wallet, TransferKind.STORAGE_FEE) == 5 * CREDIT
    assert ledger.number("SELECT count(*) FROM wallet_due WHERE wallet_id = %s AND settled_at IS NULL", wallet) == 0


def test_a_grant_at_once_with_another_due_settles_the_older_one(ledger: LiveLedger, racers: Racers) -> None:
    wallet = ledger.wallet(CREDIT)
    older, newer = mandate(), mandate()

    def owe(why: Mandate) -> None:
        wallets.open_due(wallet, why, amount_nanos=5 * CREDIT, kind=TransferKind.STORAGE_FEE, since=datetime.now(UTC))

    racers.alone(lambda: owe(older))
    racers.lined_up(wallet, [granting(wallet, 6 * CREDIT), lambda: owe(newer)])

    assert ledger.columns(wallet) == (7 * CREDIT, 5 * CREDIT, 0)
    assert (
        ledger.value("SELECT key FROM wallet_due WHERE settled_at IS NOT NULL AND wallet_id = %s", wallet) == older.key
    )


def test_control_grants_that_look_first_settle_a_due_twice(ledger: LiveLedger, racers: Racers, naive: str) -> None:
    racers.unlocked("SELECT 5 - coalesce(sum(amount), 0) FROM naive_entry", enter(5, fits=lambda owed: owed > 0))

    assert ledger.number(ENTERED) == 10


# -- One key -----------------------------------------------------------------------------------------


def fee(wallet: int, key: str, nanos: int) -> Callable[[], UUID]:
    posting = Posting(
        key=key,
        kind=TransferKind.STORAGE_FEE,
        debit_account=wallet,
        credit_account=House.REVENUE,
        amount_nanos=nanos,
        wallet_id=wallet,
        reason="race",
        actor=None,
    )
    return lambda: wallets.post_transfer(posting)


def test_one_key_used_by_four_at_once_moves_money_once(ledger: LiveLedger, racers: Racers) -> None:
    wallet, key = ledger.wallet(10 * CREDIT), str(uuid7())

    outcomes = racers.lined_up(wallet, [fee(wallet, key, 3 * CREDIT)] * 4)

    assert len(set(outcomes)) == 1
    assert ledger.columns(wallet) == (10 * CREDIT, 3 * CREDIT, 0)


def test_one_key_used_for_two_things_at_once_is_a_conflict_for_the_second(ledger: LiveLedger, racers: Racers) -> None:
    wallet, key = ledger.wallet(10 * CREDIT), str(uuid7())

    first, second = racers.lined_up(wallet, [fee(wallet, key, 3 * CREDIT), fee(wallet, key, 4 * CREDIT)])

    assert isinstance(first, UUID)
    assert isinstance(second, IdempotencyConflict)
    assert ledger.columns(wallet) == (10 * CREDIT, 3 * CREDIT, 0)


def test_control_keys_that_are_looked_up_first_move_money_twice(ledger: LiveLedger, racers: Racers, naive: str) -> None:
    racers.unlocked("SELECT count(*) FROM naive_entry WHERE amount = 3", enter(3, fits=lambda found: found == 0))

    assert ledger.number(ENTERED) == 6


# -- The last money ----------------------------------------------------------------------------------


def test_the_last_money_goes_to_a_call_or_to_a_fee_never_to_both(ledger: LiveLedger, racers: Racers) -> None:
    wallet, owner = ledger.wallet(5 * CREDIT), ledger.owner()
    request = request_on(ledger, wallet, 4 * CREDIT)

    held, paid = racers.lined_up(wallet, [authorising(request, owner), fee(wallet, str(uuid7()), 3 * CREDIT)])

    assert held.refusal is None
    assert isinstance(paid, InsufficientFunds)
    assert ledger.columns(wallet) == (5 * CREDIT, 0, 4 * CREDIT)


def test_money_for_three_calls_is_held_for_three_of_eight(ledger: LiveLedger, racers: Racers) -> None:
    wallet, owner = ledger.wallet(3 * CREDIT), ledger.owner()

    answers = racers.lined_up(wallet, [authorising(request_on(ledger, wallet), owner) for _ in range(8)])

    assert Counter(answer.refusal for answer in answers) == {None: 3, Refusal.FUNDS: 5}
    assert ledger.columns(wallet) == (3 * CREDIT, 0, 3 * CREDIT)


def test_control_calls_that_look_first_take_the_last_money_each(ledger: LiveLedger, racers: Racers, naive: str) -> None:
    racers.unlocked(
        "SELECT 3 - coalesce(sum(amount), 0) FROM naive_entry", enter(1, fits=lambda left: left > 0), count=8
    )

    assert ledger.number(ENTERED) == 8


# -- A limit that is lowered -------------------------------------------------------------------------


def test_a_limit_lowered_among_calls_stops_the_later_ones(ledger: LiveLedger, racers: Racers) -> None:
    wallet, owner = ledger.wallet(100 * CREDIT), ledger.owner()
    token = ledger.token(wallet, 10 * CREDIT)
    acts: list[Callable[[], object]] = [authorising(request_on(ledger, wallet, token=token), owner) for _ in range(6)]
    acts.insert(3, lambda: wallets.set_limit(token, limit_nanos=2 * CREDIT))

    answers = [answer for answer in racers.lined_up(token, acts) if isinstance(answer, HoldAnswer)]

    # Who came before it was lowered may stay; after it, only the first two fit.
    held = Counter(answer.refusal for answer in answers)
    assert 2 <= held[None] <= 6
    assert held[Refusal.FUNDS] == 6 - held[None]
    assert ledger.columns(token) == (held[None] * CREDIT, 0, held[None] * CREDIT)
    assert racers.alone(authorising(request_on(ledger, wallet, token=token), owner)).refusal is Refusal.FUNDS


def test_control_a_limit_that_is_read_and_written_back_forgets_a_call(
    ledger: LiveLedger, racers: Racers, naive: str
) -> None:
    def take_one(connection: psycopg.Connection, available: int) -> None:
        connection.execute("UPDATE naive SET available = %s", [available - 1])

    racers.unlocked("SELECT available FROM naive", take_one)

    assert ledger.number("SELECT available FROM naive") == 9


# -- The end of a lot --------------------------------------------------------------------------------


def seconds_on(ledger: LiveLedger, seconds: int) -> None:
    """The ledger's clock runs ahead of the database's by so much."""
    ledger.connection.execute(
        "CREATE OR REPLACE FUNCTION wallet_now() RETURNS timestamptz LANGUAGE sql VOLATILE "
        f"AS $$ SELECT clock_timestamp() + interval '{seconds} s' $$"
    )


@pytest.fixture
def ending(ledger: LiveLedger, racers: Racers) -> Iterator[int]:
    """A wallet with 2 credits for ever and 10 that end in 40 s; the test takes the clock there."""
    wallet = ledger.wallet(2 * CREDIT)
    terms = LotTerms(spend_until=datetime.now(UTC) + timedelta(seconds=40))
    racers.alone(lambda: wallets.grant_lot(wallet, mandate(), amount_nanos=10 * CREDIT, source="gift", terms=terms))
    yield wallet
    seconds_on(ledger, 0)


@pytest.mark.parametrize("is_settle_first", [True, False])
def test_a_lot_that_ends_as_a_call_settles_pays_for_it_and_loses_the_rest(
    ledger: LiveLedger, racers: Racers, ending: int, is_settle_first: bool
) -> None:
    request = request_on(ledger, ending, 4 * CREDIT)
    racers.alone(authorising(request, ledger.owner()))
    seconds_on(ledger, 60)

    acts = [charging(request, 3 * CREDIT), lambda: wallets.tend_accounts([ending])]
    racers.lined_up(ending, acts if is_settle_first else acts[::-1])

    # 12 came in, 3 were charged to the lot that ended, its other 7 expired.
    assert ledger.columns(ending) == (12 * CREDIT, 10 * CREDIT, 0)
    assert ledger.number(SPENT, ending, TransferKind.LOT_EXPIRY) == 7 * CREDIT


@pytest.mark.parametrize("is_settle_first", [True, False])
def test_a_lot_that_ends_among_extend_and_settle_keeps_only_what_was_held_before(
    ledger: LiveLedger, racers: Racers, ending: int, is_settle_first: bool
) -> None:
    request = request_on(ledger, ending, 4 * CREDIT)
    racers.alone(authorising(request, ledger.owner()))
    seconds_on(ledger, 60)

    settle = charging(request, 5 * CREDIT)
    extend = partial(wallets.extend_hold, request.call_id, amount_nanos=6 * CREDIT)
    tend = partial(wallets.tend_accounts, [ending])
    racers.lined_up(ending, [settle, extend, tend] if is_settle_first else [extend, tend, settle])

    # The lot kept the 4 that were held at its end, 6 expired; the fifth credit came from the lot that stays.
    assert ledger.columns(ending) == (12 * CREDIT, 11 * CREDIT, 0)
    assert ledger.number(SPENT, ending, TransferKind.LOT_EXPIRY) == 6 * CREDIT


def test_control_an_expiry_that_looks_first_takes_what_a_call_takes_too(
    ledger: LiveLedger, racers: Racers, naive: str
) -> None:
    amounts = [3, 10]

    def take(connection: psycopg.Connection, left: int) -> None:
        enter(amounts.pop(), fits=lambda left: left >= 3)(connection, left)

    racers.unlocked("SELECT available FROM naive", take)

    assert ledger.number(ENTERED) == 13  # of 10


# -- The switch "stop when free credit is used up" ---------------------------------------------------


def test_a_switch_turned_on_among_calls_counts_those_under_way(ledger: LiveLedger, racers: Racers) -> None:
    wallet, owner = ledger.wallet(3 * CREDIT), ledger.owner()
    paid = LotTerms(paid_minor=1000, currency="CNY")
    racers.alone(lambda: wallets.grant_lot(wallet, mandate(), amount_nanos=10 * CREDIT, source="purchase", terms=paid))
    token = ledger.token(wallet)
    requests = [request_on(ledger, wallet, token=token) for _ in range(8)]
    acts: list[Callable[[], object]] = [authorising(request, owner) for request in requests]
    acts.insert(4, lambda: wallets.set_free_only(wallet, is_on=True))

    answers = [answer for answer in racers.lined_up(wallet, acts) if isinstance(answer, HoldAnswer)]

    # 3 credits are free; more calls than 3 are under way only if they began before the switch.
    held = Counter(answer.refusal for answer in answers)
    assert 3 <= held[None] <= 8
    assert held[Refusal.FREE] == 8 - held[None]
    assert ledger.violations() == []
    for request, answer in zip(requests, answers, strict=True):
        if answer.refusal is None:
            racers.alone(charging(request, CREDIT))
    assert ledger.columns(wallet) == (13 * CREDIT, held[None] * CREDIT, 0)
    assert racers.alone(authorising(request_on(ledger, wallet), owner)).refusal is Refusal.FREE


def test_control_a_switch_that_counts_first_misses_a_call(ledger: LiveLedger, racers: Racers, naive: str) -> None:
    acts = ["INSERT INTO naive_entry SELECT 1 + 0 * %s", "UPDATE naive SET available = %s"]

    def act(connection: psycopg.Connection, counted: int) -> None:
        connection.execute(acts.pop().encode(), [counted])

    racers.unlocked("SELECT count(*)::int FROM naive_entry", act)

    assert (ledger.number("SELECT available FROM naive"), ledger.number(ENTERED)) == (0, 1)
