from apps.journal.models import OperatorAlert
from apps.wallet import queries
from apps.wallet import services as wallet
from apps.wallet.models import Hold, Transfer, TransferKind
from apps.wallet.types import Balance, House, Outcome
from tests.wallet.conftest import CREDIT, Payer


def kinds_of(payer: Payer, call: int = 0) -> dict[TransferKind, int]:
    rows = Transfer.objects.filter(hold_id=payer.calls[call].call_id).values_list("kind", "amount_nanos")
    return {TransferKind(kind): amount for kind, amount in rows}


def test_a_charge_above_the_hold_is_taken_when_the_money_is_there(payer: Payer) -> None:
    payer.hold(10 * CREDIT)

    settlement = payer.settle(25 * CREDIT)

    assert (settlement.outcome, settlement.charged_nanos, settlement.lost_nanos) == (Outcome.CHARGED, 25 * CREDIT, 0)
    assert kinds_of(payer) == {TransferKind.CHARGE: 25 * CREDIT}


def test_a_charge_above_all_that_is_there_becomes_a_loss_with_an_alert(payer: Payer) -> None:
    payer.hold(10 * CREDIT)

    settlement = payer.settle(130 * CREDIT)

    assert (settlement.charged_nanos, settlement.lost_nanos) == (100 * CREDIT, 30 * CREDIT)
    assert queries.balance_of(payer.wallet) == Balance(0, 0, 0)
    assert kinds_of(payer) == {TransferKind.CHARGE: 100 * CREDIT, TransferKind.LOSS: 30 * CREDIT}
    loss = Transfer.objects.get(kind=TransferKind.LOSS, hold_id=payer.calls[0].call_id)
    assert (loss.debit_account, loss.credit_account) == (House.LOSS, House.REVENUE)
    assert OperatorAlert.objects.get(dedupe_key=f"ledger-loss:{payer.wallet}").details["lost_nanos"] == 30 * CREDIT


def test_a_charge_above_the_hold_never_passes_the_tokens_cap(payer: Payer) -> None:
    wallet.set_limit(payer.token, limit_nanos=5 * CREDIT)
    payer.hold(4 * CREDIT)

    settlement = payer.settle(7 * CREDIT)

    assert (settlement.charged_nanos, settlement.lost_nanos) == (5 * CREDIT, 2 * CREDIT)


def test_money_held_by_other_calls_is_not_taken(payer: Payer) -> None:
    payer.hold(10 * CREDIT)
    payer.hold(80 * CREDIT)

    settlement = payer.settle(50 * CREDIT, call=0)

    assert (settlement.charged_nanos, settlement.lost_nanos) == (20 * CREDIT, 30 * CREDIT)
    assert queries.balance_of(payer.wallet) == Balance(80 * CREDIT, 80 * CREDIT, 0)


def test_a_settle_after_a_void_is_a_late_charge_once(payer: Payer) -> None:
    payer.hold(10 * CREDIT)
    wallet.void_hold(payer.calls[0].call_id)

    first = payer.settle(8 * CREDIT)
    again = payer.settle(8 * CREDIT)

    assert (first.outcome, first.charged_nanos, first.available_nanos) == (Outcome.LATE, 8 * CREDIT, 92 * CREDIT)
    assert (again.outcome, again.charged_nanos) == (Outcome.REPEATED, 8 * CREDIT)
    assert kinds_of(payer) == {TransferKind.VOID: 0, TransferKind.LATE_CHARGE: 8 * CREDIT}
    assert queries.limit_use([payer.token])[payer.token].used_nanos == 8 * CREDIT


def test_a_settle_after_expiry_takes_what_is_there_and_never_goes_negative(payer: Payer) -> None:
    payer.hold(90 * CREDIT)
    Hold.objects.update(max_until="2020-01-01T00:00:00Z")
    wallet.expire_holds()
    payer.hold(70 * CREDIT)

    late = payer.settle(90 * CREDIT, call=0)
    again = payer.settle(90 * CREDIT, call=0)

    assert (late.outcome, late.charged_nanos, late.lost_nanos) == (Outcome.LATE, 30 * CREDIT, 60 * CREDIT)
    assert (again.outcome, again.charged_nanos, again.lost_nanos) == (Outcome.REPEATED, 30 * CREDIT, 60 * CREDIT)
    assert queries.balance_of(payer.wallet) == Balance(70 * CREDIT, 70 * CREDIT, 0)
    assert kinds_of(payer) == {
        TransferKind.EXPIRED: 0,
        TransferKind.LATE_CHARGE: 30 * CREDIT,
        TransferKind.LOSS: 60 * CREDIT,
    }


def test_losses_of_one_wallet_count_up_one_open_alert(payer: Payer) -> None:
    for _ in range(2):
        payer.hold(0)
        payer.settle(200 * CREDIT)

    assert OperatorAlert.objects.get(dedupe_key=f"ledger-loss:{payer.wallet}").times == 2
