"""A call that counts on four limits at once: each of them refuses, and none is ever passed."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import psycopg
import pytest

from apps.wallet.types import LimitKind, RateLimits, Refusal
from tests.live.ledger.conftest import CREDIT, LiveLedger
from tests.live.ledger.test_storm import storm

pytestmark = pytest.mark.live

PLENTY = 10_000 * CREDIT
TIGHT = 37 * CREDIT + CREDIT // 2


def four_accounts(ledger: LiveLedger, tight: str) -> dict[str, int]:
    """A token, a member, a project and their wallet; one of them has money for 37 calls and a half."""
    room = {name: TIGHT if name == tight else PLENTY for name in ("token", "member", "project", "wallet")}
    wallet = ledger.wallet(room["wallet"])
    kinds = {"token": LimitKind.TOKEN, "member": LimitKind.MEMBER, "project": LimitKind.PROJECT}
    limits = {
        name: ledger.number("SELECT wallet_open(%s::smallint, %s, 'live', %s)", int(kind), wallet, room[name])
        for name, kind in kinds.items()
    }
    return {**limits, "wallet": wallet}


@pytest.mark.parametrize("tight", ["token", "member", "project", "wallet"])
def test_whichever_limit_is_the_tightest_grants_37_of_200_and_says_so(ledger: LiveLedger, tight: str) -> None:
    accounts = four_accounts(ledger, tight)

    answers = storm(ledger, lambda chance: tuple(accounts.values()), RateLimits(), 50)

    said = Counter((answer.refusal, answer.account_id) for answer in answers if answer.refusal)
    assert len(answers) >= 200
    assert said == {(Refusal.FUNDS, accounts[tight]): len(answers) - 37}
    assert {ledger.columns(account)[2] for account in accounts.values()} == {37 * CREDIT}


def test_the_free_credit_is_a_fifth_limit_that_no_caller_lists(ledger: LiveLedger) -> None:
    accounts = four_accounts(ledger, "none")
    paid = ledger.number("SELECT count(*) FROM wallet_lot WHERE wallet_id = %s", accounts["wallet"])
    ledger.connection.execute(
        "UPDATE wallet_lot SET paid_minor = 1, currency = 'CNY' WHERE wallet_id = %s", [accounts["wallet"]]
    )
    ledger.connection.execute("SELECT wallet_set_free_only(%s, true)", [accounts["wallet"]])
    free = ledger.number("SELECT free_account_id FROM wallet_account WHERE id = %s", accounts["wallet"])

    answers = storm(ledger, lambda chance: tuple(accounts.values()), RateLimits(), 50)

    assert paid == 1
    assert {(answer.refusal, answer.account_id) for answer in answers} == {(Refusal.FREE, free)}


def test_control_looking_before_counting_passes_the_limit(ledger: LiveLedger) -> None:
    callers = 8
    ledger.connection.execute("CREATE TABLE naive_limit (used bigint, most bigint)")
    ledger.connection.execute("INSERT INTO naive_limit VALUES (0, 5)")
    all_have_looked = Barrier(callers)

    def call(_: int) -> bool:
        with psycopg.connect(ledger.dsn, autocommit=True) as connection:
            (left,) = connection.execute("SELECT most - used FROM naive_limit").fetchone() or (0,)
            all_have_looked.wait(10)
            if left > 0:
                connection.execute("UPDATE naive_limit SET used = used + 1")
            return bool(left > 0)

    try:
        with ThreadPoolExecutor(callers) as pool:
            granted = sum(pool.map(call, range(callers)))
        assert granted == ledger.number("SELECT used FROM naive_limit") == callers > 5
    finally:
        ledger.connection.execute("DROP TABLE naive_limit")
