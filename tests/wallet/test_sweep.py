"""The sweep of every minute: accounts that are due although nobody calls them."""

from datetime import timedelta

import pytest
from django.db.models import F

from apps.journal.models import OperatorAlert
from apps.wallet import services, tasks
from apps.wallet.models import Account, AccountKind
from tests.wallet.purses import Purse

pytestmark = pytest.mark.django_db


def limits(purse: Purse, count: int) -> list[int]:
    return [
        services.open_limit(purse.wallet, kind=AccountKind.TOKEN, label=str(n), limit_nanos=10, refill="daily")
        for n in range(count)
    ]


def test_all_limits_of_a_midnight_are_refilled_at_once(purse: Purse) -> None:
    limits(purse, 60)
    purse.clock.forward(days=2)

    assert tasks.tend() == 60


def test_an_account_that_cannot_be_tended_stops_no_other_and_rings(purse: Purse) -> None:
    first, *_ = limits(purse, 110)
    purse.clock.forward(days=2)
    set_zone(first, "Nowhere/Else")

    assert tasks.tend() == 109

    assert OperatorAlert.objects.get(kind="ledger-due").details == {"account": first}
    set_zone(first, "UTC")
    assert tasks.tend() == 1


def set_zone(account_id: int, zone: str) -> None:
    """And make it the one that is due for longest."""
    Account.objects.filter(pk=account_id).update(refill_zone=zone, wake_at=F("wake_at") - timedelta(hours=1))
