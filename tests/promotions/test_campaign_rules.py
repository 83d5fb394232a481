"""The rules of campaigns on plain values."""

from datetime import date
from decimal import Decimal

import pytest

from apps.promotions import campaigns
from apps.promotions.types import Room, Terms
from tests.promotions.stage import CREDIT, JUNE_FIRST, MAY_FIRST, TEXTS, on

TERMS = Terms(**TEXTS, amount_nanos=10 * CREDIT, enterprise_nanos=50 * CREDIT)


@pytest.mark.parametrize(
    ("at", "expected"),
    [(on(4, 30, hour=23), False), (MAY_FIRST, True), (on(5, 31, hour=23), True), (JUNE_FIRST, False)],
)
def test_validity_begins_at_its_first_instant_and_ends_before_its_last(at, expected):
    assert campaigns.is_in_force(MAY_FIRST, JUNE_FIRST, at=at) is expected


def test_an_account_is_new_for_so_many_days():
    joined_on = date(2021, 4, 1)

    assert campaigns.is_new(joined_on, acted_on=date(2021, 5, 1), days=30)
    assert not campaigns.is_new(joined_on, acted_on=date(2021, 5, 2), days=30)
    assert campaigns.is_new(joined_on, acted_on=date(2031, 5, 2), days=None)


def test_each_kind_of_verification_has_its_amount():
    assert [campaigns.amount_for_kind(TERMS, kind) for kind in ("personal", "enterprise")] == [
        10 * CREDIT,
        50 * CREDIT,
    ]


@pytest.mark.parametrize(
    ("stacking", "had", "amount"),
    [("difference", 10, 40), ("difference", 60, 0), ("full", 10, 50), ("none", 10, 0), ("none", 0, 50)],
)
def test_what_somebody_had_before_counts_by_the_stacking(stacking, had, amount):
    assert campaigns.stacked(50 * CREDIT, had_nanos=had * CREDIT, stacking=stacking) == amount * CREDIT


def test_a_rate_is_of_the_paid_amount_in_credits():
    terms = Terms(**TEXTS, rate=Decimal("0.05"))

    assert campaigns.amount_for_payment(terms, 20_000, credits_per_unit=Decimal(1)) == 10 * CREDIT
    assert campaigns.amount_for_payment(terms, 20_000, credits_per_unit=Decimal(7)) == 70 * CREDIT


@pytest.mark.parametrize(
    ("room", "amount"), [(Room(None, None, None), 9), (Room(4, None, 7), 4), (Room(None, 8, 0), 0)]
)
def test_every_cap_must_have_room(room, amount):
    assert campaigns.within(9, room) == amount


def test_a_cap_that_was_lowered_below_what_is_used_leaves_nothing():
    assert campaigns.room_left(5, 8) == 0
    assert campaigns.room_left(None, 8) is None


def test_the_share_of_a_refund_rounds_down_and_is_whole_at_the_end():
    shares = [campaigns.reversed_share(10, refunded_minor=paid, paid_minor=3) for paid in (1, 2, 3, 4)]

    assert shares == [3, 6, 10, 10]


def test_an_amount_is_taken_from_the_first_first():
    assert campaigns.taken_in_order([3, 4, 5], 6) == [3, 3, 0]
    assert campaigns.taken_in_order([3], 9) == [3]


@pytest.mark.parametrize(
    ("email", "shown"),
    [
        ("anna@example.com", "a***@e***.com"),
        ("x@mail.example.co.uk", "x***@m***.uk"),
        ("a@localhost", "a***@***"),
        ("", "***@***"),
    ],
)
def test_an_address_is_shown_as_three_letters(email, shown):
    assert campaigns.masked(email) == shown
