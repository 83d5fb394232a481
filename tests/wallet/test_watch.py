"""The watch adds up only what is new, tells the same as the whole check, and notices a past that was changed."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connection

from apps.core.partitions import ensure_monthly
from apps.wallet import invariants
from apps.wallet.invariants import checkpoints
from apps.wallet.types import Violation
from tests.wallet.broken import Spender, change, spender

pytestmark = pytest.mark.django_db
Later = Callable[[int], None]


@pytest.fixture
def later() -> Later:
    """Lets so many minutes pass on the ledger's clock."""

    def pass_minutes(minutes: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE OR REPLACE FUNCTION wallet_now() RETURNS timestamptz LANGUAGE sql VOLATILE "
                f"AS $$ SELECT clock_timestamp() + interval '{minutes} minutes' $$"
            )

    return pass_minutes


def check(**how: object) -> list[str]:
    """A check whose findings are written down, as the night's are."""
    until = invariants.settled_until()
    found = [one.sentence for one in invariants.check(**how)]  # type: ignore[arg-type]
    invariants.note_checked(until)
    return found


def checkpoint(account: int) -> tuple[int, int, int] | None:
    """Debits, credits and charges up to the mark."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT debits, credits, charged FROM wallet_checkpoint WHERE account_id = %s", [account])
        return cursor.fetchone()


def at_rest(later: Later) -> Spender:
    """A wallet that spent 10 of 100 before the mark, and 5 after it."""
    payer = spender()
    payer.charge(10)
    payer.book()
    later(10)
    assert check() == []
    payer.charge(5)
    return payer


def test_what_is_new_waits_until_no_open_transaction_can_come_before_it(later: Later) -> None:
    payer = spender()
    payer.charge(10)

    assert check() == []
    assert checkpoint(payer.wallet) is None
    later(10)
    assert check() == []

    assert checkpoint(payer.wallet) == (10, 100, 0)
    assert checkpoint(payer.token) == (0, 0, 10)


def test_no_transfer_is_added_twice_and_none_is_left_out(later: Later) -> None:
    payer = at_rest(later)

    assert check() == []
    assert checkpoint(payer.wallet) == (10, 100, 0)
    later(20)
    assert check() == []
    assert check() == []

    assert checkpoint(payer.wallet) == (15, 100, 0)


def test_a_changed_balance_is_found_from_the_checkpoint_on(later: Later) -> None:
    payer = at_rest(later)
    change("UPDATE wallet_account SET debits_posted = 1 WHERE id = %s", payer.token)

    assert check() == [f"limit {payer.token} counts something else than the charges of its calls"]


def test_what_seems_wrong_is_added_up_anew_before_it_is_told(later: Later) -> None:
    payer = at_rest(later)
    change("UPDATE wallet_checkpoint SET charged = 9 WHERE account_id = %s", payer.token)

    assert check() == [f"the past of account {payer.token} is not what it was when it was verified"]


def test_a_past_that_was_changed_is_told_until_a_full_check(later: Later) -> None:
    payer = at_rest(later)
    change("UPDATE wallet_transfer SET amount_nanos = 9 WHERE kind = 1 AND amount_nanos = 10")
    change("UPDATE wallet_account SET debits_posted = 14 WHERE id = %s", payer.token)
    told = f"the past of account {payer.token} is not what it was when it was verified"

    assert check() == check() == [told]
    assert told in check(is_full=True)

    assert f"wallet {payer.wallet} was debited something else than its transfers" in check()
    assert told not in check()


def test_an_edited_old_transfer_is_found_by_a_full_check(later: Later) -> None:
    payer = at_rest(later)
    change("UPDATE wallet_transfer SET amount_nanos = 9 WHERE kind = 1 AND amount_nanos = 10")
    assert check() == []

    found = check(is_full=True)

    assert f"wallet {payer.wallet} was debited something else than its transfers" in found
    assert f"limit {payer.token} counts something else than the charges of its calls" in found
    assert set(found) == set(invariants.violations())


def test_a_full_check_makes_the_same_checkpoints_again(later: Later) -> None:
    payer = at_rest(later)
    later(20)

    assert check(is_full=True) == []

    assert checkpoint(payer.wallet) == (15, 100, 0)


def test_a_charge_that_arrives_months_late_counts_when_it_is_posted(later: Later) -> None:
    payer = at_rest(later)
    old = UUID("019b7000-0000-7000-8000-000000000001")  # of 30 December 2025
    ensure_monthly("wallet_transfer", 0, at=checkpoints.settled_until().replace(year=2025, month=12, day=30))
    change("UPDATE wallet_transfer SET id = %s WHERE amount_nanos = 5 AND kind = 1", old)

    later(20)
    assert check() == []

    assert checkpoint(payer.wallet) == (15, 100, 0)


def test_rules_of_lots_are_asked_of_changed_wallets_only(later: Later) -> None:
    payer = spender()
    later(10)
    assert check() == []
    change("UPDATE wallet_account SET kept_nanos = 5, free_account_id = NULL WHERE id = %s", payer.wallet)
    change("UPDATE wallet_lot SET kept_nanos = 5, expired_nanos = 5 WHERE id = %s", payer.lot)
    change("UPDATE wallet_account SET kept_nanos = 0 WHERE id = %s", payer.wallet)
    told = f"wallet {payer.wallet} keeps something else than its lots"

    assert told not in check()
    assert told in check(again=[payer.wallet])
    assert told in check(is_full=True)
    payer.hold(0)
    assert told not in check()
    payer.charge(1)

    assert told in check()


def test_changed_wallets_stay_new_until_the_result_is_written_down(later: Later) -> None:
    payer = spender()
    change("UPDATE wallet_lot SET consumed_nanos = 1 WHERE id = %s", payer.lot)
    later(10)
    told = f"what lot {payer.lot} counts as spent is not what was drawn from it less what came back"
    until = invariants.settled_until()

    for _ in range(2):  # the first of them was killed before it could tell
        assert Violation(told, payer.wallet) in invariants.check()
    invariants.note_checked(until)

    assert Violation(told, payer.wallet) not in invariants.check()


def test_an_old_key_is_asked_about_by_a_full_check_only(later: Later) -> None:
    spender()
    later(10)
    assert check() == []
    change("INSERT INTO wallet_posting (key, digest, transfer_id) VALUES ('old', 'x', %s)", UUID(int=7 << 100))

    assert check() == []
    assert check(is_full=True) == ["key old names a transfer that is not there"]


def test_a_posting_since_the_last_check_is_asked_about(later: Later) -> None:
    spender()
    later(10)
    assert check() == []
    change("INSERT INTO wallet_posting (key, digest, transfer_id) VALUES ('new', 'x', wallet_new_id())")

    assert check() == ["key new names a transfer that is not there"]
