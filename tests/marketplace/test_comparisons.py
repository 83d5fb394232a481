"""Our price beside the official one: point by point, and what a badge may promise."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from apps.marketplace.comparison import Comparison, compare, discount_percent
from apps.marketplace.price_list import PriceList
from apps.marketplace.pricing_config import parse_config
from tests.marketplace.configs import config, item, tiered


def listed(*items: dict[str, Any], **more: object) -> PriceList:
    return parse_config(config(*items, **more))


OFFICIAL = listed(item("input_tokens", "10"), item("output_tokens", "40"))


def seen(found: Comparison) -> list[tuple[str, int, Decimal | None]]:
    return [(point.meter, point.start, point.difference_percent) for point in found.points]


def test_every_meter_stands_beside_its_official_price() -> None:
    ours = listed(item("input_tokens", "8"), item("output_tokens", "40"))

    found = compare(ours, OFFICIAL)

    assert seen(found) == [("input_tokens", 0, Decimal("-20.00")), ("output_tokens", 0, Decimal(0))]
    assert (found.points[0].ours, found.points[0].reference, found.points[0].unit) == (8, 10, 1_000_000)


def test_units_of_different_size_are_compared_by_what_one_costs() -> None:
    assert compare(listed(item("input_tokens", "0.01", unit=1000)), listed(item("input_tokens", "10"))).is_equal


def test_the_badge_promises_the_smallest_saving_of_all_meters() -> None:
    assert discount_percent(listed(item("input_tokens", "8"), item("output_tokens", "36")), OFFICIAL) == 10


def test_a_saving_on_some_meters_only_is_no_badge() -> None:
    assert discount_percent(listed(item("input_tokens", "5"), item("output_tokens", "40")), OFFICIAL) is None


def test_one_meter_above_the_official_price_takes_the_badge_away_and_is_marked() -> None:
    found = compare(listed(item("input_tokens", "1"), item("output_tokens", "40.01")), OFFICIAL)

    assert found.is_above
    assert found.discount_percent is None


def test_the_promise_is_rounded_down() -> None:
    # 6.67 of 10 saves 33.3 %; 2 of 3 saves 33.333… %
    assert discount_percent(listed(item("calls", "2")), listed(item("calls", "3"))) == Decimal("33.33")


def test_the_multiplier_of_an_access_group_counts() -> None:
    assert discount_percent(OFFICIAL, OFFICIAL, multiplier=Decimal("0.8")) == 20


def test_tiers_are_compared_wherever_one_of_the_lists_begins_one() -> None:
    ours = listed(tiered("input_tokens", (0, "10"), (32_000, "20")))

    assert seen(compare(ours, listed(item("input_tokens", "10")))) == [
        ("input_tokens", 0, Decimal(0)),
        ("input_tokens", 32_000, Decimal("100.00")),
    ]


def test_a_meter_without_a_price_of_its_own_is_compared_at_the_one_it_stands_for() -> None:
    ours = listed(item("input_tokens", "10"), item("cached_input_tokens", "1"), item("output_tokens", "40"))

    found = {point.meter: point for point in compare(ours, OFFICIAL).points}["cached_input_tokens"]

    assert (found.reference, found.difference_percent) == (10, Decimal("-90.00"))


def test_what_we_do_not_charge_for_is_free_and_what_the_vendor_does_not_price_is_unknown() -> None:
    ours = listed(item("input_tokens", "10"), item("web_searches", "0.1", unit=1))

    points = {point.meter: point for point in compare(ours, OFFICIAL).points}

    assert (points["output_tokens"].ours, points["output_tokens"].difference_percent) == (0, Decimal("-100.00"))
    assert (points["web_searches"].reference, points["web_searches"].difference_percent) == (None, None)


def test_a_price_for_what_the_vendor_gives_away_is_above_without_a_percentage() -> None:
    found = compare(listed(item("input_tokens", "1")), listed(item("input_tokens", "0")))

    assert (found.is_above, found.points[0].difference_percent) == (True, None)


def test_conditions_of_either_list_are_told_apart() -> None:
    ours = listed(
        item("video_seconds", "0.6", unit=1, resolution="720p"),
        item("video_seconds", "1.2", unit=1, resolution="1080p"),
    )
    official = listed(item("video_seconds", "0.6", unit=1))

    found = [(point.conditions, point.ours, point.difference_percent) for point in compare(ours, official).points]

    assert found == [
        ({}, None, None),
        ({"resolution": "1080p"}, Fraction(6, 5), Decimal("100.00")),
        ({"resolution": "720p"}, Fraction(3, 5), Decimal(0)),
    ]


def test_what_is_not_offered_is_not_equal() -> None:
    ours = listed(item("video_seconds", "0.6", unit=1, resolution="720p"))

    assert not compare(ours, listed(item("video_seconds", "0.6", unit=1))).is_equal


@pytest.mark.parametrize("mode", ["volume", "graduated"])
def test_the_same_tiers_counted_differently_are_not_equal(mode: str) -> None:
    tiers = tiered("input_tokens", (0, "2"), (100, "1"))

    found = compare(listed(tiers, tier_mode=mode), listed(tiers))

    assert found.is_equal == (mode == "volume")
    assert found.discount_percent is None
