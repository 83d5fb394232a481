"""The control: random histories do find a ledger that is wrong in one place."""

from collections.abc import Callable

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.wallet.histories import ledger
from tests.wallet.histories.histories import Histories

UNTIL_FOUND = settings(
    max_examples=200,
    stateful_step_count=50,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)

PLANTED = {
    "the lot that ends last is spent first": (
        "wallet_draw_from_lots",
        "l.spend_until NULLS LAST",
        "l.spend_until DESC NULLS FIRST",
    ),
    "ended lots keep for calls that began after their end": (
        "wallet_end_lots",
        "h.id < wallet_uuid_floor(lot.spend_until)",
        "true",
    ),
    "paid lots count as free credit": ("wallet_count_free", "l.paid_minor = 0", "true"),
    "calls that are open when a limit is filled up are forgotten": (
        "wallet_tend",
        "SET limit_base_nanos = debits_posted,",
        "SET limit_base_nanos = debits_posted + debits_pending,",
    ),
    "a late charge takes all it wants from limits": (
        "wallet_charge_late",
        "charged := wallet_take_what_is_there(ids, charge)",
        "charged := wallet_take_what_is_there(ids[cardinality(ids):], charge)",
    ),
}


@pytest.fixture
def plant(db: None) -> Callable[[str, str, str], None]:
    """Puts something wrong in the place of something right in a function of this test's database."""

    def put(function: str, right: str, wrong: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = %s", [function])
            text = cursor.fetchone()[0]
            assert right in text
            cursor.execute(text.replace(right, wrong))

    return put


@pytest.mark.parametrize("error", PLANTED)
@pytest.mark.timeout(300)
def test_a_planted_error_is_found(error: str, plant: Callable[[str, str, str], None]) -> None:
    ledger.install_clock()
    plant(*PLANTED[error])

    with pytest.raises(AssertionError):
        run_state_machine_as_test(Histories, settings=UNTIL_FOUND)
