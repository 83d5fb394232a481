"""The switch that stops a wallet at its free credit, and limits that are refilled. Figures are whole credits."""

from datetime import timedelta

import pytest

from apps.core.billing_calendar import business_date, day_start, month_bounds
from apps.wallet import queries
from apps.wallet import services as wallet
from apps.wallet.models import AccountKind
from apps.wallet.types import Refusal
from tests.wallet.purses import CREDIT, Purse

pytestmark = pytest.mark.django_db


# -- Only free credit -----------------------------------------------------------------------------


def test_the_switch_stops_calls_when_free_credit_is_used_up(purse: Purse) -> None:
    purse.grant(10, paid=1000, until=purse.clock.after(days=1))
    purse.grant(4)
    wallet.set_free_only(purse.wallet, is_on=True)

    assert purse.refusal(5) is Refusal.FREE
    purse.spend(4)
    assert purse.refusal(1) is Refusal.FREE
    assert purse.left() == [10, 0]

    wallet.set_free_only(purse.wallet, is_on=False)
    assert purse.refusal(10) is None


def test_free_grants_raise_and_their_ends_lower_what_the_switch_lets_through(purse: Purse) -> None:
    purse.grant(10, paid=1000)
    wallet.set_free_only(purse.wallet, is_on=True)
    assert purse.refusal(1) is Refusal.FREE

    purse.grant(5, until=purse.clock.after(days=1))
    assert purse.refusal(6) is Refusal.FREE
    wallet.void_hold(purse.hold(5))
    purse.clock.forward(days=1)
    assert purse.refusal(1) is Refusal.FREE


def test_calls_under_way_count_when_the_switch_is_turned_on(purse: Purse) -> None:
    purse.grant(100, paid=1000)
    purse.grant(5)
    call = purse.hold(8)
    wallet.set_free_only(purse.wallet, is_on=True)

    assert purse.refusal(1) is Refusal.FREE
    purse.settle(call, 2)

    assert purse.refusal(4) is Refusal.FREE
    purse.spend(3)
    assert purse.left() == [100, 0]


def test_a_fee_that_takes_free_credit_lowers_what_calls_may_use(purse: Purse) -> None:
    purse.grant(100, paid=1000)
    purse.grant(5)
    wallet.set_free_only(purse.wallet, is_on=True)

    purse.owe(3, day=1)

    assert purse.left() == [100, 2]
    assert purse.refusal(3) is Refusal.FREE
    purse.spend(2)


def test_a_call_from_before_the_switch_was_turned_off_ends_as_usual(purse: Purse) -> None:
    purse.grant(100, paid=1000)
    purse.grant(5)
    wallet.set_free_only(purse.wallet, is_on=True)
    call = purse.hold(5)
    wallet.set_free_only(purse.wallet, is_on=False)

    assert purse.settle(call, 9) == 9  # 4 above its hold, from what is there
    wallet.set_free_only(purse.wallet, is_on=True)
    assert purse.refusal(1) is Refusal.FREE


# -- Refilled limits ------------------------------------------------------------------------------


def test_a_daily_limit_is_full_again_at_midnight_of_the_billing_zone(purse: Purse) -> None:
    purse.grant(1000)
    purse.clock.to(day_start(business_date(purse.clock.now) + timedelta(days=1)) + timedelta(hours=1))
    wallet.set_limit(purse.token, limit_nanos=10 * CREDIT, refill="daily")
    purse.spend(6)
    open_call = purse.hold(3)
    assert purse.refusal(2) is Refusal.FUNDS

    midnight = queries.limit_use([purse.token])[purse.token].resets_at
    assert midnight == day_start(business_date(purse.clock.now) + timedelta(days=1))
    purse.clock.to(midnight)

    assert purse.refusal(8) is Refusal.FUNDS  # the open call counts in the new day
    purse.settle(open_call, 3)
    assert purse.refusal(7) is None


def test_a_week_begins_on_monday_and_a_month_on_its_first_day(purse: Purse) -> None:
    wallet.set_limit(purse.token, limit_nanos=CREDIT, refill="weekly")
    weekly = queries.limit_use([purse.token])[purse.token].resets_at
    wallet.set_limit(purse.token, limit_nanos=CREDIT, refill="monthly")
    monthly = queries.limit_use([purse.token])[purse.token].resets_at

    assert weekly is not None
    assert weekly == day_start(business_date(weekly))
    assert business_date(weekly).isoweekday() == 1
    assert monthly == month_bounds(business_date(purse.clock.now))[1]


def test_a_limit_with_use_from_elsewhere_leaves_only_the_rest(purse: Purse) -> None:
    purse.grant(100)
    purse.token = wallet.open_limit(
        purse.wallet, kind=AccountKind.TOKEN, label="old", limit_nanos=10 * CREDIT, used_nanos=7 * CREDIT
    )

    use = queries.limit_use([purse.token])[purse.token]
    assert (use.used_nanos, use.remaining_nanos) == (7 * CREDIT, 3 * CREDIT)
    assert purse.refusal(4) is Refusal.FUNDS
    purse.spend(3)
