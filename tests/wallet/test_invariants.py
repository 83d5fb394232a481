import pytest

from apps.wallet import invariants
from apps.wallet import services as wallet
from apps.wallet.models import Account, Hold, Lot, LotSource
from apps.wallet.types import Mandate

pytestmark = pytest.mark.django_db


def funded_wallet() -> int:
    wallet_id = wallet.open_wallet("Acme")
    wallet.grant_lot(wallet_id, Mandate("k", "r", actor=None), amount_nanos=100, source=LotSource.GIFT)
    return wallet_id


def test_a_right_ledger_has_nothing_to_tell() -> None:
    funded_wallet()

    assert invariants.violations() == []


def test_credit_without_a_transfer_is_found() -> None:
    wallet_id = funded_wallet()
    Account.objects.filter(pk=wallet_id).update(credits_posted=101)

    assert invariants.violations() == [f"wallet {wallet_id} was credited something else than its transfers"]


def test_a_held_amount_without_a_hold_is_found() -> None:
    wallet_id = funded_wallet()
    Account.objects.filter(pk=wallet_id).update(debits_pending=1)

    assert invariants.violations() == [f"account {wallet_id} holds something else than its open holds"]


def test_a_slot_without_a_hold_is_found() -> None:
    wallet_id = funded_wallet()
    Account.objects.filter(pk=wallet_id).update(open_slots=1)

    assert invariants.violations() == [f"account {wallet_id} counts other calls under way than its open holds"]


def test_a_missing_lot_is_found() -> None:
    wallet_id = funded_wallet()
    Lot.objects.filter(wallet_id=wallet_id).delete()

    assert invariants.violations() == [f"the lots of wallet {wallet_id} do not add up to its grants"]


def test_an_orphaned_hold_is_found() -> None:
    wallet_id = funded_wallet()
    call = "01900000-0000-7000-8000-000000000001"
    Hold.objects.create(
        id=call,
        wallet_id=wallet_id,
        accounts=[wallet_id, wallet_id + 1],
        amount_nanos=0,
        tokens=0,
        has_slot=False,
        owner_id=999_999,
        max_until="2100-01-01T00:00:00Z",
    )

    assert invariants.violations() == [f"hold {call} was left by a process that ended over two minutes ago"]


def test_an_account_half_full_is_a_warning() -> None:
    account = Account.objects.create(wallet_id=0, kind=5, credits_posted=2**62)

    assert invariants.warnings() == [f"account {account.pk} has used half of what an account can count"]
