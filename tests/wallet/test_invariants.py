"""Each rule of accounts finds what breaks it, and names it. Rules that follow from one another break together."""

import pytest

from apps.wallet import invariants
from apps.wallet import services as wallet
from apps.wallet.models import Account, AccountKind, Hold
from tests.wallet.broken import ask, change, spender, without_constraint

pytestmark = pytest.mark.django_db


def test_a_right_ledger_has_nothing_to_tell() -> None:
    payer = spender()
    payer.charge(10)
    payer.hold(20)
    payer.book()

    assert invariants.violations() == []


def test_an_overdrawn_account_is_found() -> None:
    payer = spender()
    payer.charge(10)
    without_constraint("wallet_account", "wallet_account_no_overdraft")
    change("UPDATE wallet_account SET capped = true, credits_posted = 9 WHERE id = %s", payer.token)

    assert invariants.violations() == [f"account {payer.token} is overdrawn"]


def test_a_held_amount_without_a_hold_is_found() -> None:
    payer = spender()
    change("UPDATE wallet_account SET debits_pending = 1 WHERE id = %s", payer.wallet)

    assert invariants.violations() == [f"account {payer.wallet} holds something else than its open holds"]


def test_a_slot_without_a_hold_is_found() -> None:
    payer = spender()
    change("UPDATE wallet_account SET open_slots = 1 WHERE id = %s", payer.wallet)

    assert invariants.violations() == [f"account {payer.wallet} counts other calls under way than its open holds"]


def test_a_debit_without_a_transfer_is_found() -> None:
    rewards = wallet.open_wallet("rewards", kind=AccountKind.REWARD)
    change("UPDATE wallet_account SET debits_posted = 1, capped = false WHERE id = %s", rewards)

    assert invariants.violations() == [f"wallet {rewards} was debited something else than its transfers"]


def test_credit_without_a_transfer_is_found() -> None:
    rewards = wallet.open_wallet("rewards", kind=AccountKind.REWARD)
    change("UPDATE wallet_account SET credits_posted = 1 WHERE id = %s", rewards)

    assert invariants.violations() == [f"wallet {rewards} was credited something else than its transfers"]


def test_a_limit_that_counts_what_no_call_took_is_found() -> None:
    payer = spender()
    change("UPDATE wallet_account SET debits_posted = 1 WHERE id = %s", payer.token)

    assert invariants.violations() == [f"limit {payer.token} counts something else than the charges of its calls"]


def test_a_missing_lot_is_found() -> None:
    payer = spender()
    change("DELETE FROM wallet_lot WHERE id = %s", payer.lot)

    assert invariants.violations() == [
        f"the lots of wallet {payer.wallet} do not add up to its grants",
        f"what was granted to wallet {payer.wallet} is not what is there, spent, expired, refunded and taken back",
        f"the lots of wallet {payer.wallet} have something else left than was not booked on them",
    ]


def test_a_refund_that_reached_no_lot_is_found() -> None:
    payer = spender()
    call = payer.charge(10)
    payer.book()
    change("UPDATE wallet_account SET credits_posted = credits_posted + 4 WHERE id = %s", payer.wallet)
    change(
        "INSERT INTO wallet_transfer (id, wallet_id, kind, debit_account, credit_account, amount_nanos, reverses_id) "
        "VALUES (wallet_new_id(), %s, 13, 1, %s, 4, %s)",
        payer.wallet,
        payer.wallet,
        call,
    )
    refund = ask("SELECT id FROM wallet_transfer WHERE kind = 13 AND wallet_id = %s", payer.wallet)

    assert invariants.violations() == [
        f"what was refunded to wallet {payer.wallet} is not what went back into its lots",
        f"the lots of wallet {payer.wallet} have something else left than was not booked on them",
        f"refund {refund} is not what went back into lots by it",
    ]


def test_a_limit_that_stands_elsewhere_is_found() -> None:
    payer = spender()
    wallet.set_limit(payer.token, limit_nanos=50)
    change("UPDATE wallet_account SET credits_posted = 60 WHERE id = %s", payer.token)

    assert invariants.violations() == [f"limit {payer.token} does not stand where it was set"]


def test_a_call_that_is_open_and_ended_is_found() -> None:
    payer = spender()
    call = payer.charge(10)
    change(
        "INSERT INTO wallet_hold (id, wallet_id, accounts, amount_nanos, tokens, has_slot, owner_id, max_until) "
        "SELECT %s, %s, ARRAY[%s, %s]::bigint[], 0, 0, false, max(id), max(lease_until) FROM wallet_owner WHERE id > 1",
        call,
        payer.wallet,
        payer.token,
        payer.wallet,
    )

    assert invariants.violations() == [f"call {call} is open and ended at once"]


def test_a_house_account_with_a_balance_is_found() -> None:
    change("UPDATE wallet_account SET credits_posted = 1 WHERE id = 1")

    assert invariants.violations() == ["house account 1 has a live balance"]


def test_a_key_without_its_transfer_is_found() -> None:
    change("INSERT INTO wallet_posting (key, digest, transfer_id) VALUES ('lost', 'x', wallet_new_id())")

    assert invariants.violations() == ["key lost names a transfer that is not there"]


def test_an_orphaned_hold_is_found() -> None:
    payer = spender()
    call = payer.hold(10)
    Hold.objects.filter(pk=call).update(owner_id=999_999)

    assert invariants.violations() == [f"hold {call} was left by a process that ended over two minutes ago"]


def test_an_account_that_nobody_tended_is_found() -> None:
    payer = spender()
    change("UPDATE wallet_account SET wake_at = wallet_now() - interval '4 minutes' WHERE id = %s", payer.token)
    assert invariants.violations() == []

    change("UPDATE wallet_account SET wake_at = wallet_now() - interval '6 minutes' WHERE id = %s", payer.token)

    assert invariants.violations() == [f"account {payer.token} was due over five minutes ago"]


def test_an_account_half_full_is_a_warning() -> None:
    account = Account.objects.create(wallet_id=0, kind=AccountKind.TEAM, credits_posted=2**62)

    assert invariants.warnings() == [f"account {account.pk} has used half of what an account can count"]


def test_every_rule_can_be_asked_without_a_parameter() -> None:
    assert [sentence for sentence, query in invariants.RULES if ask(query) is not None] == []
