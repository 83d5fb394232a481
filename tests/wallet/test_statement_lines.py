"""What movements are called, and that lines add up: without a database."""

import re

from apps.wallet.models import LotSource, TransferKind
from apps.wallet.statement_lines import (
    CODE_BY_KIND,
    CODE_BY_SOURCE,
    Code,
    Total,
    balances_after,
    code_of,
    kinds_of,
    sources_of,
    totals_by_code,
)


def test_every_kind_that_moves_a_wallet_has_a_code() -> None:
    moves_nothing = {TransferKind.VOID, TransferKind.EXPIRED, TransferKind.LOSS}

    assert set(CODE_BY_KIND) == set(TransferKind) - moves_nothing


def test_every_source_of_a_lot_has_a_code() -> None:
    assert set(CODE_BY_SOURCE) == set(LotSource.values)


def test_a_grant_is_named_after_its_lot() -> None:
    assert code_of(TransferKind.GRANT, "wire") == Code.TOP_UP
    assert code_of(TransferKind.GRANT, "referral") == Code.REFERRAL
    assert code_of(TransferKind.GRANT, None) == Code.ADJUSTMENT


def test_an_adjustment_is_one_kind_in_both_directions() -> None:
    assert kinds_of([Code.ADJUSTMENT]) == [TransferKind.GRANT, TransferKind.ADJUSTMENT]
    assert sources_of([Code.ADJUSTMENT]) == ["adjustment"]


def test_sums_of_one_code_are_put_together_in_the_order_of_the_codes() -> None:
    sums = [(4, None, -2, 1), (1, None, -40, 3), (6, "wire", 500, 1), (6, "purchase", 100, 2)]

    assert totals_by_code(sums) == [Total(Code.TOP_UP, 600, 3), Total(Code.COMPUTE, -42, 4)]


def test_balances_run_from_the_opening_one() -> None:
    assert balances_after(1_000, [500, -1_499, -1]) == [1_500, 1, 0]
    assert balances_after(7, []) == []


def test_codes_are_words_that_programs_can_rely_on() -> None:
    assert all(re.fullmatch("[a-z_]+", code) for code in Code)
