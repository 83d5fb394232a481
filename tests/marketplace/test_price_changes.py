"""What changes between two prices: per meter, condition and size; up, down or both."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from apps.marketplace import rating
from apps.marketplace.meters import METERS
from apps.marketplace.price_changes import Change, change_between
from apps.marketplace.samples import Usage, estimate
from apps.marketplace.types import Direction
from tests.marketplace.configs import config, item, tiered
from tests.marketplace.random_prices import any_usages, changed_configs, price_lists

UP, DOWN, MIXED = Direction.UP, Direction.DOWN, Direction.MIXED


def change(old: dict[str, Any], new: dict[str, Any]) -> Change:
    return change_between(rating.parse_config(old), rating.parse_config(new))


def lines(change: Change) -> list[tuple[Any, ...]]:
    return [(line.meter, line.start, line.end, line.old, line.new, line.percent) for line in change.lines]


def test_from_12_to_15_is_an_increase_of_25_percent() -> None:
    found = change(config(item("input_tokens", "12")), config(item("input_tokens", "15")))

    assert (found.direction, found.largest_percent, found.needs_notice) == (UP, Decimal(25), True)
    assert lines(found) == [("input_tokens", 0, None, "12", "15", Decimal(25))]


def test_a_lower_price_is_a_decrease_and_needs_no_notice() -> None:
    found = change(config(item("input_tokens", "12")), config(item("input_tokens", "9")))

    assert (found.direction, found.largest_percent, found.needs_notice) == (DOWN, Decimal(25), False)


def test_a_first_price_changes_nothing() -> None:
    assert change_between(None, rating.parse_config(config(item("calls", "1")))).direction is None


@pytest.mark.parametrize("other", [{"hold": {"max": "9"}}, {"policy": "pegged"}, {"tier_mode": "graduated"}])
def test_what_no_call_pays_for_is_no_change_of_price(other: dict[str, Any]) -> None:
    price = config(item("input_tokens", "12"))

    assert change(price, price | other) == Change(None)


def test_the_same_price_for_another_unit_is_no_change() -> None:
    assert change(config(item("calls", "2.50", unit=1)), config(item("calls", "2500", unit=1000))).direction is None


def test_one_meter_up_and_one_down_is_mixed_and_needs_notice() -> None:
    found = change(
        config(item("input_tokens", "2"), item("output_tokens", "8")),
        config(item("input_tokens", "1"), item("output_tokens", "9")),
    )

    assert (found.direction, found.needs_notice, found.largest_percent) == (MIXED, True, Decimal(50))


def test_a_meter_that_was_free_and_gets_a_price_is_an_increase_without_a_percentage() -> None:
    found = change(
        config(item("input_tokens", "2")), config(item("input_tokens", "2"), item("web_searches", "0.07", unit=1))
    )

    assert (found.direction, found.largest_percent) == (UP, None)
    assert lines(found) == [("web_searches", 0, None, "0", "0.07", None)]


def test_a_meter_that_becomes_free_is_a_decrease_of_100_percent() -> None:
    found = change(config(item("input_tokens", "2"), item("calls", "1")), config(item("input_tokens", "2")))

    assert lines(found) == [("calls", 0, None, "1", "0", Decimal(-100))]


def test_a_discount_that_disappears_is_an_increase_to_the_price_that_is_taken_instead() -> None:
    found = change(
        config(item("input_tokens", "2"), item("cached_input_tokens", "0.2")), config(item("input_tokens", "2"))
    )

    assert (found.direction, lines(found)) == (UP, [("cached_input_tokens", 0, None, "0.2", "2", Decimal(900))])


def test_only_the_sizes_that_change_are_listed() -> None:
    found = change(
        config(tiered("input_tokens", (0, "2.5"), (32_000, "4"), (128_000, "7"))),
        config(tiered("input_tokens", (0, "2.5"), (32_000, "5"), (128_000, "7"))),
    )

    assert lines(found) == [("input_tokens", 32_000, 128_000, "4", "5", Decimal(25))]


def test_a_tier_that_begins_earlier_is_an_increase_for_the_sizes_between() -> None:
    found = change(
        config(tiered("input_tokens", (0, "2"), (200_000, "4"))),
        config(tiered("input_tokens", (0, "2"), (128_000, "4"))),
    )

    assert lines(found) == [("input_tokens", 128_000, 200_000, "2", "4", Decimal(100))]


def test_only_the_conditions_that_change_are_listed() -> None:
    old = config(item("video_seconds", "0.6", resolution="720p"), item("video_seconds", "1", resolution="1080p"))
    new = config(item("video_seconds", "0.6", resolution="720p"), item("video_seconds", "0.9", resolution="1080p"))

    found = change(old, new)

    assert found.direction is DOWN
    assert [line.conditions for line in found.lines] == [{"resolution": "1080p"}]


def test_a_condition_with_a_price_of_its_own_is_compared_with_the_general_price() -> None:
    found = change(
        config(item("output_tokens", "8")),
        config(item("output_tokens", "8"), item("output_tokens", "9", thinking=True)),
    )

    assert found.direction is UP
    assert [(line.conditions, line.old, line.new) for line in found.lines] == [({"thinking": True}, "8", "9")]


def test_conditions_of_the_meter_a_price_is_taken_from_count_too() -> None:
    """Cached tokens had one price; now they take that of input, which depends on the mode."""
    found = change(
        config(item("input_tokens", "4"), item("cached_input_tokens", "3")),
        config(item("input_tokens", "4"), item("input_tokens", "2", mode="batch")),
    )

    cached = [(line.conditions, line.new) for line in found.lines if line.meter == "cached_input_tokens"]
    assert found.direction is MIXED
    assert cached == [({}, "4"), ({"mode": "batch"}, "2")]


def test_what_can_no_longer_be_used_needs_notice() -> None:
    found = change(
        config(item("images", "1", quality="high"), item("images", "2", quality="low")),
        config(item("images", "1", quality="high")),
    )

    assert (found.direction, found.largest_percent) == (UP, None)
    assert lines(found) == [("images", 0, None, "2", None, None)]


def test_what_can_be_used_for_the_first_time_is_no_change_of_price() -> None:
    found = change(
        config(item("images", "1", quality="high")),
        config(item("images", "1", quality="high"), item("images", "2", quality="low")),
    )

    assert found == Change(None)


def test_another_way_to_count_sizes_is_mixed_unless_all_of_one_is_below_all_of_the_other() -> None:
    volume = config(tiered("input_tokens", (0, "2"), (1_000, "4")))
    graduated = config(tiered("input_tokens", (0, "2"), (1_000, "4")), tier_mode="graduated")
    dearer = config(tiered("input_tokens", (0, "4"), (1_000, "5")), tier_mode="graduated")

    assert change(volume, graduated).direction is MIXED
    assert change(volume, dearer).direction is UP
    assert change(dearer, volume).direction is DOWN


def test_tiers_by_another_meter_are_another_way_to_count_sizes() -> None:
    old = config(tiered("output_tokens", (0, "2"), (1_000, "4")), tier_by="input_tokens")

    assert change(old, old | {"tier_by": "output_tokens"}).direction is MIXED


def test_graduated_meters_that_no_longer_share_their_slices_are_counted_otherwise() -> None:
    shared = config(tiered("input_tokens", (0, "2"), (1_000, "1")), tier_mode="graduated")
    apart = config(
        tiered("input_tokens", (0, "2"), (1_000, "1")),
        tiered("cached_input_tokens", (0, "2"), (1_000, "1")),
        tier_mode="graduated",
    )

    assert change(shared, apart).direction is MIXED


@given(configs=changed_configs(), usage=any_usages())
def test_no_call_costs_more_after_a_change_that_needs_no_notice(
    configs: tuple[dict[str, Any], dict[str, Any]], usage: Usage
) -> None:
    old, new = map(rating.parse_config, configs)
    before, after = (estimate(price, usage).total_nanos for price in (old, new))

    found = change_between(old, new)

    if before is not None and not found.needs_notice:
        assert after is not None
        assert after <= before
    if before is not None and after is not None and found.direction in (UP, None):
        assert after >= before


@given(price=price_lists())
def test_nothing_changes_between_a_price_and_itself(price: rating.PriceList) -> None:
    assert change_between(price, price) == Change(None)


def test_every_meter_can_be_compared() -> None:
    for meter in METERS:
        assert change(config(item(meter, "1")), config(item(meter, "2"))).direction is UP
