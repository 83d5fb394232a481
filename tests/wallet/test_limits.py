import pytest

from apps.wallet import queries
from apps.wallet import services as wallet
from apps.wallet.errors import UnknownAccount
from apps.wallet.types import Refusal
from tests.wallet.conftest import CREDIT, Payer


def test_a_capped_token_refuses_beyond_its_limit_and_is_named(payer: Payer) -> None:
    wallet.set_limit(payer.token, limit_nanos=5 * CREDIT)
    payer.hold(4 * CREDIT)

    answer = payer.hold(2 * CREDIT)

    assert (answer.refusal, answer.account_id, answer.have_nanos) == (Refusal.FUNDS, payer.token, CREDIT)


def test_what_is_left_is_the_least_of_token_and_wallet(payer: Payer) -> None:
    wallet.set_limit(payer.token, limit_nanos=5 * CREDIT)

    assert payer.hold(2 * CREDIT).have_nanos == 3 * CREDIT
    assert payer.settle(CREDIT).available_nanos == 4 * CREDIT


def test_a_limit_counts_use_before_it_was_set(payer: Payer) -> None:
    payer.hold(3 * CREDIT)
    payer.settle(3 * CREDIT)

    wallet.set_limit(payer.token, limit_nanos=5 * CREDIT)

    use = queries.limit_use([payer.token])[payer.token]
    assert (use.used_nanos, use.remaining_nanos) == (3 * CREDIT, 2 * CREDIT)


def test_a_limit_lowered_below_its_use_blocks_and_frees_nothing_when_holds_end(payer: Payer) -> None:
    wallet.set_limit(payer.token, limit_nanos=10 * CREDIT)
    payer.hold(8 * CREDIT)

    wallet.set_limit(payer.token, limit_nanos=5 * CREDIT)
    payer.settle(6 * CREDIT)

    use = queries.limit_use([payer.token])[payer.token]
    assert (use.used_nanos, use.remaining_nanos) == (6 * CREDIT, 0)
    assert payer.hold(1).refusal is Refusal.FUNDS


def test_a_lowered_limit_gives_back_what_is_below_it_when_holds_end(payer: Payer) -> None:
    wallet.set_limit(payer.token, limit_nanos=10 * CREDIT)
    payer.hold(8 * CREDIT)

    wallet.set_limit(payer.token, limit_nanos=5 * CREDIT)
    payer.settle(2 * CREDIT)

    assert queries.limit_use([payer.token])[payer.token].remaining_nanos == 3 * CREDIT


def test_a_lifted_limit_is_no_limit(payer: Payer) -> None:
    wallet.set_limit(payer.token, limit_nanos=CREDIT)
    wallet.set_limit(payer.token, limit_nanos=None)

    assert payer.hold(50 * CREDIT).refusal is None
    assert queries.limit_use([payer.token])[payer.token].remaining_nanos is None


def test_a_limit_of_zero_blocks_all_that_costs(payer: Payer) -> None:
    wallet.set_limit(payer.token, limit_nanos=0)

    assert payer.hold(0).refusal is None
    assert payer.hold(1).refusal is Refusal.FUNDS


def test_a_wallet_takes_no_limit(payer: Payer) -> None:
    with pytest.raises(UnknownAccount):
        wallet.set_limit(payer.wallet, limit_nanos=CREDIT)
