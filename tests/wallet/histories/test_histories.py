"""Random histories against PostgreSQL and the plain model. `./sluice histories` runs as many steps as you like."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from apps.wallet import queries
from apps.wallet.types import Balance
from tests.wallet.histories import __main__ as command
from tests.wallet.histories import ledger
from tests.wallet.histories.histories import Histories

FEW = settings(
    max_examples=20, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)


@pytest.fixture
def history(db: None) -> Iterator[Histories]:
    """A history that the test writes itself; every step is compared as the random ones are."""
    ledger.install_clock()
    machine = Histories()
    yield machine
    machine.all_rows_are_the_same()
    machine.verify()
    machine.teardown()


@pytest.mark.django_db
@pytest.mark.timeout(600)  # a difference takes minutes to shrink
def test_random_histories_leave_the_ledger_as_the_plain_model_says() -> None:
    ledger.install_clock()

    run_state_machine_as_test(Histories, settings=FEW)


def test_the_command_tells_that_it_finishes_its_round(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["histories", "--help"])

    with pytest.raises(SystemExit):
        command.main()

    assert "finishes the round that it is in" in " ".join(capsys.readouterr().out.split())


def test_open_calls_at_the_end_of_a_lot_keep_what_they_need(history: Histories) -> None:
    """A free lot A of 10 for two seconds, then a paid lot B of 20. Calls of 4 and 3 are open when A ends.

    A keeps 7, and 3 expire. The call of 4 costs 2: A has 5 left, the other needs 3, 2 expire. A call of 5 from after
    the end takes B. The call of 3 costs 6: 3 from A, 3 from B. A: spent 5, expired 5. B: spent 8, 12 left.
    """
    history.give(place=0, amount=10, span=timedelta(seconds=2))
    history.top_up(place=0, amount=20, span=None, price=700)
    history.authorise(place=0, token=0, amount=4)
    history.authorise(place=0, token=0, amount=3)
    history.wait(timedelta(seconds=6))
    history.sweep()
    assert seen(history) == [(10, 3, 7), (20, 0, 0)]  # amount, expired, kept

    history.settle_any(pick=1, charge=2)
    assert seen(history) == [(10, 5, 3), (20, 0, 0)]

    history.authorise(place=0, token=0, amount=5)
    history.settle_any(pick=0, charge=5)
    history.settle_any(pick=1, charge=6)
    assert seen(history) == [(10, 5, 0), (20, 0, 0)]
    history.look_at_the_lots(place=0)
    assert [lot.remaining_nanos for lot in queries.lots_of(history.wallets[0])] == [0, 12]
    assert queries.balance_of(history.wallets[0]) == Balance(12, 0, 12)


def seen(history: Histories) -> list[tuple[int, int, int]]:
    """What the ledger's rows say of the lots, oldest first: amount, expired, kept."""
    rows = ledger.rows(history.wallets)
    lots = [rows["lot", str(lot.id)] for lot in history.model.books[history.wallets[0]].lots]
    return [(amount, expired, kept) for amount, expired, _, _, kept, _ in lots]
