from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import connection

from apps.core.ids import uuid7
from apps.wallet import queries
from apps.wallet import services as wallet
from apps.wallet.errors import AmountTooLarge, IdempotencyConflict, InsufficientFunds, UnknownAccount
from apps.wallet.models import Account, Lot, LotSource, Transfer, TransferKind
from apps.wallet.types import House, LotTerms, Mandate, Posting
from tests.wallet.conftest import CREDIT, Payer


def fee(payer: Payer, nanos: int, *, key: str = "fee:1", reason: str = "a fee") -> Posting:
    return Posting(key, TransferKind.STORAGE_FEE, payer.wallet, House.REVENUE, nanos, payer.wallet, reason)


def grant(payer: Payer, nanos: int, *, key: str = "topup:1", terms: LotTerms | None = None) -> UUID:
    return wallet.grant_lot(
        payer.wallet,
        Mandate(key, "top-up", actor=7),
        amount_nanos=nanos,
        source=LotSource.PURCHASE,
        terms=terms or LotTerms(),
    )


def test_a_posting_debits_the_wallet_once_a_key(payer: Payer) -> None:
    first = wallet.post_transfer(fee(payer, 3 * CREDIT))

    assert wallet.post_transfer(fee(payer, 3 * CREDIT)) == first
    assert queries.balance_of(payer.wallet).balance_nanos == 97 * CREDIT


def test_the_same_key_with_other_content_is_a_conflict_and_changes_nothing(payer: Payer) -> None:
    wallet.post_transfer(fee(payer, 3 * CREDIT))

    with pytest.raises(IdempotencyConflict):
        wallet.post_transfer(fee(payer, 4 * CREDIT))
    assert queries.balance_of(payer.wallet).balance_nanos == 97 * CREDIT


def test_a_posting_above_what_is_available_is_refused(payer: Payer) -> None:
    payer.hold(50 * CREDIT)

    with pytest.raises(InsufficientFunds):
        wallet.post_transfer(fee(payer, 51 * CREDIT))


def test_a_posting_to_an_unknown_account_is_refused(payer: Payer) -> None:
    with pytest.raises(UnknownAccount):
        wallet.post_transfer(Posting("x", TransferKind.STORAGE_FEE, 999_999, House.REVENUE, 1, payer.wallet))


def test_many_postings_stand_or_fall_together(payer: Payer) -> None:
    with pytest.raises(InsufficientFunds):
        wallet.post_transfers([fee(payer, 60 * CREDIT, key="a"), fee(payer, 60 * CREDIT, key="b")])

    first, second = wallet.post_transfers([fee(payer, 60 * CREDIT, key="a"), fee(payer, 40 * CREDIT, key="b")])

    assert first != second
    assert queries.balance_of(payer.wallet).balance_nanos == 0


def test_a_grant_is_a_lot_with_its_terms(payer: Payer) -> None:
    spend_until, refund_until = datetime(2027, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)
    terms = LotTerms(spend_until, refund_until, paid_minor=10_000, currency="CNY", price_tier="base")

    lot_id = grant(payer, 100 * CREDIT, terms=terms)

    lot = Lot.objects.get(pk=lot_id)
    assert (lot.amount_nanos, lot.spend_until, lot.refund_until) == (100 * CREDIT, spend_until, refund_until)
    assert (lot.paid_minor, lot.currency, lot.price_tier) == (10_000, "CNY", "base")
    assert Transfer.objects.get(pk=lot.transfer_id).actor_id == 7
    assert queries.balance_of(payer.wallet).balance_nanos == 200 * CREDIT


def test_a_repeated_grant_gives_the_first_lot(payer: Payer) -> None:
    assert grant(payer, CREDIT) == grant(payer, CREDIT)
    assert queries.balance_of(payer.wallet).balance_nanos == 101 * CREDIT


def test_a_grant_with_other_terms_under_the_same_key_is_a_conflict(payer: Payer) -> None:
    grant(payer, CREDIT)

    with pytest.raises(IdempotencyConflict):
        grant(payer, CREDIT, terms=LotTerms(price_tier="gold"))


def test_lots_show_what_spending_left_soonest_end_first(payer: Payer) -> None:
    grant(payer, 10 * CREDIT, terms=LotTerms(spend_until=datetime(2027, 1, 1, tzinfo=UTC)))
    payer.hold(30 * CREDIT)
    payer.settle(25 * CREDIT)

    assert [(lot.granted_nanos, lot.remaining_nanos) for lot in queries.lots_of(payer.wallet)] == [
        (100 * CREDIT, 85 * CREDIT),
        (10 * CREDIT, 0),
    ]


def test_a_reversal_undoes_an_entry_once(payer: Payer) -> None:
    done = wallet.post_transfer(fee(payer, 3 * CREDIT))

    first = wallet.reverse_transfer(done, reason="by mistake", actor=7)

    assert wallet.reverse_transfer(done, reason="again", actor=8) == first
    assert queries.balance_of(payer.wallet).balance_nanos == 100 * CREDIT
    assert Transfer.objects.get(pk=first).reverses_id == done


def test_house_accounts_keep_no_live_balance(payer: Payer) -> None:
    wallet.post_transfer(fee(payer, 3 * CREDIT))

    house = Account.objects.get(pk=House.REVENUE)
    assert (house.credits_posted, house.debits_posted) == (0, 0)


def test_legs_of_a_call_have_ids_of_their_own_in_the_same_month(db: None) -> None:
    call_id = uuid7()
    with connection.cursor() as cursor:
        cursor.execute("SELECT wallet_leg_id(%s, 'late'), wallet_leg_id(%s, 'loss')", [call_id, call_id])
        late, loss = cursor.fetchone()

    assert len({call_id, late, loss}) == 3
    assert call_id.int >> 80 == late.int >> 80 == loss.int >> 80
    assert (late.version, loss.version) == (8, 8)


@pytest.mark.parametrize("nanos", [2**63, 2**63 - 1])  # beyond one amount, and beyond the sum with the 100 there are
def test_more_than_an_account_can_count_is_refused(payer: Payer, nanos: int) -> None:
    with pytest.raises(AmountTooLarge):
        grant(payer, nanos)

    assert queries.balance_of(payer.wallet).balance_nanos == 100 * CREDIT
