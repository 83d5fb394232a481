"""Random histories against PostgreSQL and the plain model. `./sluice histories` runs as many steps as you like."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.wallet.histories import ledger
from tests.wallet.histories.histories import Histories

FEW = settings(
    max_examples=30, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)


@pytest.mark.django_db
def test_random_histories_leave_the_ledger_as_the_plain_model_says() -> None:
    ledger.install_clock()

    run_state_machine_as_test(Histories, settings=FEW)
