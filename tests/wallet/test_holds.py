from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from apps.core.ids import uuid7
from apps.wallet import queries
from apps.wallet import services as wallet
from apps.wallet.errors import HoldGone
from apps.wallet.models import Account, AccountKind, Hold, Owner, Transfer, TransferKind
from apps.wallet.types import TASKS_OWNER, Balance, HoldRequest, Outcome, Refusal
from tests.wallet.conftest import CREDIT, Payer


def test_a_hold_reduces_available_but_not_balance(payer: Payer) -> None:
    answer = payer.hold(30 * CREDIT)

    assert answer.refusal is None
    assert answer.have_nanos == 70 * CREDIT
    assert queries.balance_of(payer.wallet) == Balance(100 * CREDIT, 30 * CREDIT, 70 * CREDIT)


def test_a_hold_above_what_is_available_is_refused_and_takes_nothing(payer: Payer) -> None:
    payer.hold(60 * CREDIT)

    answer = payer.hold(41 * CREDIT)

    assert (answer.refusal, answer.account_id, answer.have_nanos) == (Refusal.FUNDS, payer.wallet, 40 * CREDIT)
    assert queries.balance_of(payer.wallet).held_nanos == 60 * CREDIT


def test_a_repeated_authorise_holds_once(payer: Payer) -> None:
    payer.hold(30 * CREDIT)

    again = wallet.authorise(payer.calls[0], owner_id=payer.owner)

    assert (again.refusal, again.have_nanos) == (None, 70 * CREDIT)
    assert queries.balance_of(payer.wallet).held_nanos == 30 * CREDIT
    assert payer.account().open_slots == 1


def test_an_authorise_of_an_ended_call_is_refused(payer: Payer) -> None:
    payer.hold(30 * CREDIT)
    payer.settle(CREDIT)

    again = wallet.authorise(payer.calls[0], owner_id=payer.owner)

    assert again.refusal is Refusal.RESOLVED
    assert queries.balance_of(payer.wallet) == Balance(99 * CREDIT, 0, 99 * CREDIT)


def test_a_settle_charges_and_gives_the_rest_back(payer: Payer) -> None:
    payer.hold(30 * CREDIT)

    settlement = payer.settle(12 * CREDIT)

    assert (settlement.outcome, settlement.charged_nanos, settlement.lost_nanos) == (Outcome.CHARGED, 12 * CREDIT, 0)
    assert settlement.available_nanos == 88 * CREDIT
    assert queries.balance_of(payer.wallet) == Balance(88 * CREDIT, 0, 88 * CREDIT)
    assert queries.limit_use([payer.token])[payer.token].used_nanos == 12 * CREDIT


def test_a_repeated_settle_charges_once_and_tells_the_first_charge(payer: Payer) -> None:
    payer.hold(30 * CREDIT)
    payer.settle(12 * CREDIT)

    again = payer.settle(12 * CREDIT)

    assert (again.outcome, again.charged_nanos) == (Outcome.REPEATED, 12 * CREDIT)
    assert queries.balance_of(payer.wallet).balance_nanos == 88 * CREDIT


def test_a_call_that_costs_nothing_is_a_call_like_any_other(payer: Payer) -> None:
    assert payer.hold(0).refusal is None
    assert payer.account().open_slots == 1

    settlement = payer.settle(0)

    assert settlement.outcome is Outcome.CHARGED
    transfer = Transfer.objects.get(pk=payer.calls[0].call_id)
    assert (transfer.kind, transfer.amount_nanos, transfer.wallet_id) == (TransferKind.CHARGE, 0, payer.wallet)


def test_a_void_gives_everything_back_and_leaves_a_tombstone(payer: Payer) -> None:
    payer.hold(30 * CREDIT)

    wallet.void_hold(payer.calls[0].call_id)
    wallet.void_hold(payer.calls[0].call_id)

    assert queries.balance_of(payer.wallet) == Balance(100 * CREDIT, 0, 100 * CREDIT)
    transfer = Transfer.objects.get(pk=payer.calls[0].call_id)
    assert (transfer.kind, transfer.amount_nanos, transfer.held_nanos) == (TransferKind.VOID, 0, 30 * CREDIT)


def test_a_void_after_the_charge_changes_nothing(payer: Payer) -> None:
    payer.hold(30 * CREDIT)
    payer.settle(12 * CREDIT)

    wallet.void_hold(payer.calls[0].call_id)

    assert queries.balance_of(payer.wallet).balance_nanos == 88 * CREDIT


def test_an_extension_raises_the_hold_to_its_target_once(payer: Payer) -> None:
    payer.hold(30 * CREDIT)

    first = wallet.extend_hold(payer.calls[0].call_id, amount_nanos=50 * CREDIT)
    again = wallet.extend_hold(payer.calls[0].call_id, amount_nanos=50 * CREDIT)

    assert (first.refusal, first.have_nanos) == (None, 50 * CREDIT)
    assert again == first
    assert queries.balance_of(payer.wallet).held_nanos == 50 * CREDIT
    assert payer.account().open_slots == 1


def test_an_extension_without_money_is_refused_and_the_hold_stays(payer: Payer) -> None:
    payer.hold(30 * CREDIT)

    answer = wallet.extend_hold(payer.calls[0].call_id, amount_nanos=101 * CREDIT)

    assert (answer.refusal, answer.account_id, answer.have_nanos) == (Refusal.FUNDS, payer.wallet, 70 * CREDIT)
    hold = queries.hold_by_id(payer.calls[0].call_id)
    assert hold is not None
    assert hold.amount_nanos == 30 * CREDIT


def test_an_extension_of_an_ended_call_says_that_it_is_gone(payer: Payer) -> None:
    assert wallet.extend_hold(uuid7(), amount_nanos=CREDIT).refusal is Refusal.GONE


def test_a_closed_account_takes_no_new_call_but_lets_open_ones_finish(payer: Payer) -> None:
    payer.hold(30 * CREDIT)
    wallet.close_account(payer.token)

    refused = payer.hold(CREDIT)
    extended = wallet.extend_hold(payer.calls[0].call_id, amount_nanos=31 * CREDIT)

    assert (refused.refusal, refused.account_id) == (Refusal.CLOSED, payer.token)
    assert extended.refusal is None
    assert payer.settle(31 * CREDIT, call=0).charged_nanos == 31 * CREDIT


def test_a_reopened_account_takes_calls_again(payer: Payer) -> None:
    wallet.close_account(payer.token)
    wallet.reopen_account(payer.token)

    assert payer.hold(CREDIT).refusal is None


def test_an_unknown_account_is_named(payer: Payer) -> None:
    answer = payer.hold(CREDIT, accounts=(999_999, payer.wallet))

    assert (answer.refusal, answer.account_id) == (Refusal.UNKNOWN, 999_999)


def test_a_call_takes_from_up_to_eight_accounts(payer: Payer) -> None:
    budgets = [
        wallet.open_limit(payer.wallet, kind=AccountKind.MEMBER, label=f"{n}", limit_nanos=50 * CREDIT)
        for n in range(6)
    ]

    payer.hold(30 * CREDIT, accounts=(payer.token, *budgets, payer.wallet))
    payer.settle(20 * CREDIT)

    use = queries.limit_use([payer.token, *budgets])
    assert [use[budget].remaining_nanos for budget in budgets] == [30 * CREDIT] * 6
    assert use[payer.token].used_nanos == 20 * CREDIT


def test_a_hold_of_a_dead_owner_expires_with_a_tombstone(payer: Payer) -> None:
    payer.hold(30 * CREDIT)
    wallet.end_owner(payer.owner)
    Owner.objects.filter(pk=payer.owner).update(lease_until="2020-01-01T00:00:00Z")

    assert wallet.expire_holds() == 1
    assert wallet.expire_holds() == 0

    assert queries.balance_of(payer.wallet) == Balance(100 * CREDIT, 0, 100 * CREDIT)
    assert Transfer.objects.get(pk=payer.calls[0].call_id).kind == TransferKind.EXPIRED


def test_a_hold_past_its_latest_end_expires_though_its_owner_lives(payer: Payer) -> None:
    payer.hold(30 * CREDIT)
    Hold.objects.update(max_until="2020-01-01T00:00:00Z")

    assert wallet.expire_holds() == 1
    assert payer.account().open_slots == 0


def test_a_heartbeat_keeps_holds_alive(payer: Payer) -> None:
    payer.hold(30 * CREDIT)
    Owner.objects.filter(pk=payer.owner).update(lease_until="2020-01-01T00:00:00Z")

    assert wallet.heartbeat(payer.owner)

    assert wallet.expire_holds() == 0


def test_a_hold_handed_over_survives_its_process_and_frees_its_slot(payer: Payer) -> None:
    payer.hold(30 * CREDIT)
    call = payer.calls[0].call_id

    wallet.hand_over_hold(call, owner_id=TASKS_OWNER, max_until="2100-01-01T00:00:00Z", release_slot=True)  # type: ignore[arg-type]
    Owner.objects.filter(pk=payer.owner).update(lease_until="2020-01-01T00:00:00Z")

    assert wallet.expire_holds() == 0
    assert (payer.account().open_slots, payer.account(payer.token).open_slots) == (0, 0)
    assert payer.settle(30 * CREDIT).outcome is Outcome.CHARGED
    assert payer.account().open_slots == 0


def test_an_ended_call_cannot_be_handed_over(payer: Payer) -> None:
    with pytest.raises(HoldGone):
        wallet.hand_over_hold(uuid7(), owner_id=TASKS_OWNER, max_until="2100-01-01T00:00:00Z", release_slot=True)  # type: ignore[arg-type]


def test_an_echo_of_an_ended_call_is_given_back_without_a_second_transfer(payer: Payer) -> None:
    payer.hold(30 * CREDIT)
    payer.settle(10 * CREDIT)
    call = payer.calls[0]
    Hold.objects.create(
        id=call.call_id,
        wallet_id=payer.wallet,
        accounts=list(call.accounts),
        amount_nanos=CREDIT,
        tokens=0,
        owner_id=payer.owner,
        max_until="2100-01-01T00:00:00Z",
    )
    for account in call.accounts:
        Account.objects.filter(pk=account).update(debits_pending=CREDIT, open_slots=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT wallet_drop_echoes('-1 minute')")

    assert queries.balance_of(payer.wallet) == Balance(90 * CREDIT, 0, 90 * CREDIT)


def test_the_database_refuses_an_overdraft_whatever_the_code_does(payer: Payer) -> None:
    with pytest.raises(IntegrityError, match="wallet_account_no_overdraft"), transaction.atomic():
        Account.objects.filter(pk=payer.wallet).update(debits_posted=100 * CREDIT + 1)


def test_the_database_refuses_to_release_twice(payer: Payer) -> None:
    with pytest.raises(IntegrityError, match="wallet_account_held_not_negative"), transaction.atomic():
        Account.objects.filter(pk=payer.wallet).update(debits_pending=-1)


def test_in_debug_a_second_act_on_other_accounts_is_refused(payer: Payer) -> None:
    other = wallet.open_wallet("other")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL sluice.ledger_guard = 'on'")
    wallet.lock_accounts([payer.token, payer.wallet])
    assert payer.hold(CREDIT).refusal is None

    with pytest.raises(Exception, match="meet a transaction that locked only"), transaction.atomic():
        wallet.close_account(other)


def test_a_settle_of_a_call_that_never_held_is_a_late_charge(payer: Payer) -> None:
    payer.calls.append(HoldRequest(uuid7(), (payer.token, payer.wallet), 0, 0))

    assert payer.settle(CREDIT).outcome is Outcome.LATE


def test_a_call_id_of_no_known_month_is_refused_as_a_whole(payer: Payer) -> None:
    payer.calls.append(HoldRequest(uuid4(), (payer.token, payer.wallet), CREDIT, 0))
    wallet.authorise(payer.calls[0], owner_id=payer.owner)

    with pytest.raises(Exception, match="no partition"), transaction.atomic():
        payer.settle(CREDIT)
    Hold.objects.filter(pk=payer.calls[0].call_id).delete()
    Account.objects.filter(pk__in=payer.calls[0].accounts).update(debits_pending=0, open_slots=0)
